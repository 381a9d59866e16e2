# seisview convert: what is written, what is told, what is refused.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" .

check 'the suffix says what is written'
for suffix in npy segy su mseed wav rf64 w64 aiff au caf; do
    run convert quake.bin "quake.$suffix"
    exits 0
    prints_nothing
    case $suffix in
    segy) format=segy ;;
    su | npy | mseed) format=$suffix ;;
    *) format=sound ;;
    esac
    run info --json "quake.$suffix"
    exits 0
    has 1 "format=\"$format\"" num_samples=12000
done

check 'or --to-format does'
run convert --to-format npy quake.bin nosuffix
exits 0
run info --json nosuffix
has 1 'format="npy"'
run convert quake.bin nosuffix2
refused 1 'nosuffix2: its suffix does not say what to write; give --to-format'
run convert --to-format tape quake.bin x.npy
refused 1 "the format 'tape' is not written; give one of raw npy sac"

check 'raw samples come with a side file'
run convert --from 10s --to 20s --channel 2 quake.bin part.bin
exits 0
says_nothing
run info --json part.bin
has 1 num_samples=1000 'start="2026-01-01T00:00:10Z"' sample_rate=100
run dump part.bin
mv out part.txt
run dump --from 10s --to 20s --channel 2 quake.bin
cmp -s out part.txt || fail 'other samples'

check 'one that SigMF cannot describe does not, and a line says so'
run convert --encoding i3 quake.bin three.bin
exits 0
says 'three.bin: SigMF cannot describe samples of type i3'
[ ! -e three.sigmf-meta ] || fail 'there is a side file'
run dump --dtype '<i3' --channels 3 three.bin
mv out three.txt
run dump quake.bin
cmp -s out three.txt || fail 'other samples'

check 'what the target cannot hold is told'
samples '<f8' 0.1 2 0.5 >double.bin
run convert --dtype '<f8' --rate 100 double.bin double.sac
exits 0
says 'double.sac: 1 of its samples (<f8) is rounded to f4, first sample 0 of channel 0'
run convert --force quake.bin quake.npy
says 'quake.npy: NumPy files have no room for a clock: 100 Hz from 2026-01-01T00:00:00Z are lost'

check 'a sample that does not fit is an error of its own'
samples '<i4' 1 40000 >large.bin
run convert --dtype '<i4' --encoding i2 large.bin large.npy
refused 2 'large.bin: sample 1 of channel 0 is 40000 (<i4), which i2 cannot hold'
[ ! -e large.npy ] || fail 'something was written'

check 'what holds less needs a directory'
run convert quake.bin quake.sac
refused 1 'quake.sac: a sac file holds one channel of one segment, and there are 3; name a directory'
mkdir sac
run convert --to-format sac quake.bin sac
exits 0
[ "$(echo sac/*)" = 'sac/quake.0.20260101T000000Z.sac sac/quake.1.20260101T000000Z.sac sac/quake.2.20260101T000000Z.sac' ] ||
    fail "the directory holds $(echo sac/*)"
run convert --to-format sac quake.bin sac
refused 1 'sac: quake.0.20260101T000000Z.sac: it exists; give --force'
run convert --channel 1 quake.bin one.sac
exits 0

check 'what exists is kept, but for --force'
echo precious >kept.npy
run convert quake.bin kept.npy
refused 1 'kept.npy: it exists; give --force to replace it'
[ "$(cat kept.npy)" = precious ] || fail 'it was replaced'
run convert --force quake.bin kept.npy
exits 0
run info kept.npy
exits 0

check 'the recording itself, and a file with a journal, never are written'
run convert --force quake.bin quake.bin
refused 1 'quake.bin: it is the recording that is to be converted'
ln quake.bin link.dat
run convert --force quake.bin link.dat
refused 1 'link.dat: it is the recording that is to be converted'
: >kept.npy.svj
run convert --force quake.bin kept.npy
refused 1 'kept.npy: it has an edit journal'

check 'standard output'
run convert --to-format raw quake.bin -
exits 0
cmp -s out quake.bin || fail 'other bytes'
run convert --to-format mseed quake.bin -
exits 0
cmp -s out quake.mseed || fail 'other bytes'
run convert --to-format wav quake.bin -
exits 0
cmp -s out quake.wav || fail 'other bytes'
if [ -w /dev/full ]; then
    "$SEISVIEW" convert --to-format segy quake.bin - >/dev/full 2>err
    status=$?
    : >out
    refused 2 'standard output cannot be written: No space left on device'
fi

check 'a reader that goes away ends it quietly'
{
    "$SEISVIEW" convert --to-format segy quake.bin - 2>err
    echo $? >status
} | head -c 1 >/dev/null
status=$(cat status)
: >out
if [ "$status" -ne 0 ]; then
    exits 141
    says_nothing
fi

check 'from standard input'
"$SEISVIEW" convert --dtype '<f4' --channels 3 --rate 100 - piped.npy <quake.bin >out 2>err
status=$?
exits 0
cmp -s piped.npy quake.npy || fail 'other bytes'

check 'FLAC holds integers alone'
run convert quake.bin quake.flac
refused 1 'quake.flac: it cannot hold samples of type <f4; give --encoding i3'
run convert --encoding i3 quake.bin quake.flac
exits 0
run dump quake.flac
cmp -s out three.txt || fail 'other samples'

check 'wrong usage'
run convert quake.bin
refused 1 'convert takes a recording and the file to write'
run convert quake.bin a.npy b.npy
refused 1 'convert takes a recording and the file to write'
run convert --encoding f16 quake.bin f16.npy
refused 1 "no encoding 'f16'"
run convert --from 12000 quake.bin none.npy
refused 1 'quake.bin: the window holds no sample'
run convert --channel 9 quake.bin none.npy
refused 1 'quake.bin: --channel 9 chooses none'
run convert nowhere.bin none.npy
refused 2 'nowhere.bin: it cannot be opened'
run convert quake.bin nowhere/none.npy
refused 2 'nowhere/none.npy: no file can be made in its directory'

check 'a recording that lacks samples: what is there, and exit 2'
head -c 1000 one.sac >cut.sac
run convert cut.sac cut.npy
exits 2
says 'cut.sac: 11908 of the 12000 samples' 'cut.npy: NumPy files'
run info --json cut.npy
has 1 num_samples=92

# begin TARGET: converts without an end, once it writes in the folder target; $program.
begin()
{
    "$SEISVIEW" convert --force endless.bin "$1" >out 2>err &
    program=$!
    until readlink "/proc/$program/fd/"* 2>/dev/null | grep -q "^$work/target/"; do
        kill -0 "$program" 2>/dev/null || break
        sleep 0.01
    done
}

check 'a signal leaves nothing behind'
truncate -s 8G endless.bin
mkdir target
begin target/endless.npy
kill -TERM "$program"
wait "$program"
status=$?
exits 143
says 'stopped by SIGTERM'
[ -z "$(ls -A target)" ] || fail "the directory holds $(ls -A target)"

check 'nor does one that kills, where files need no name'
begin target/endless.npy
has_name=$(ls -A target)
kill -KILL "$program"
wait "$program" 2>/dev/null
status=$?
exits 137
[ -n "$has_name" ] || [ -z "$(ls -A target)" ] || fail "the directory holds $(ls -A target)"
rm -f target/.seisview-*.part

check 'what was to be replaced is there still'
echo precious >target/kept.npy
begin target/kept.npy
kill -KILL "$program"
wait "$program" 2>/dev/null
[ "$(cat target/kept.npy)" = precious ] || fail 'it was replaced'

finish
