# Sound files through the program: in place where they are plain, decoded where they are not, and
# what a header that lies costs.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

# set_bytes FILE BYTE OCTAL...: bytes there become these.
set_bytes()
{
    local file=$1 byte=$2
    shift 2
    # shellcheck disable=SC2059
    printf "$(printf '\\%s' "$@")" | dd of="$file" bs=1 seek="$byte" conv=notrunc status=none ||
        fail 'dd'
}

# Two channels of 300,000 samples at 100 Hz: one counts, the other is noise.
seq 1 300000 |
    awk '{ print $1 % 60000 - 30000; noise = (noise * 16807 + 1) % 2147483647; print noise % 9999 }' |
    "$MAKE_SAMPLES" '<i2' >counts.bin
raw=(--dtype '<i2' --channels 2 --rate 100)
for suffix in wav flac caf aiff; do
    check "made .$suffix"
    run convert "${raw[@]}" counts.bin "counts.$suffix"
    exits 0
done
"$SEISVIEW" dump "${raw[@]}" counts.bin >dumped

check 'WAV is read in place'
run info --json counts.wav
exits 0
has 1 format='"sound"' dtype='"<i2"' id=null start=null sample_rate=100 num_samples=300000 \
    'shape=[2,300000]' 'strides=[2,4]' data_offset=44 zero_copy=true num_segments=1 num_gaps=0
run stats --explain counts.wav
grep -q ' 1200000 bytes mapped, 0 copied' err || fail 'bytes are copied'

check 'AIFF is read in place, in its own order'
run info --json counts.aiff
has 1 dtype='">i2"' byte_order='"big"' zero_copy=true

check 'FLAC is decoded'
run info --json counts.flac
has 1 dtype='"<i2"' num_samples=300000 strides=null data_offset=null zero_copy=false

check 'the same samples, however they are kept'
run stats --csv counts.wav
cut -d , -f 5- out >expected
for suffix in aiff caf flac; do
    run stats --csv "counts.$suffix"
    exits 0
    says_nothing
    cut -d , -f 5- out | cmp -s expected - || fail "counts.$suffix measures something else"
    run dump "counts.$suffix"
    cmp -s out dumped || fail "counts.$suffix has other samples"
done

check 'threads'
for suffix in wav flac; do
    run stats --json "counts.$suffix"
    mv out all
    for threads in 1 2 3 7; do
        run stats --json --threads $threads "counts.$suffix"
        cmp -s out all || fail "$threads threads measure something else in counts.$suffix"
    done
done

check 'windows and channels'
for suffix in wav flac; do
    run stats --json --from 1000s --to 1000.5s --channel 0 "counts.$suffix"
    exits 0
    has 1 channel=0 num_samples=50 sample_min=10001 sample_min_index=100000 sample_max=10050
    run dump --from 299998 --channel 0 "counts.$suffix"
    prints $'29999\n-30000'
    run dump --hex --from 0 --to 2 "counts.$suffix"
    prints $'d18a\t0100\nd28a\t991a'
done

check 'options win'
run info --json --rate 8 --start 2026-01-31T00:00:00Z --to 9 counts.flac
has 1 sample_rate=8 start='"2026-01-31T00:00:00Z"' end='"2026-01-31T00:00:01Z"'
run stats --dtype f4 counts.wav
refused 1 'counts.wav: dtype, channels, layout and skip are for raw samples'
run info --json --format raw --dtype '<i2' --skip 44 counts.wav
has 1 format='"raw"' num_samples=600000

check 'a WAV that is cut'
head -c 1000 counts.wav >cut.wav
run stats --json cut.wav
exits 2
says '299761 of the 300000 samples of each channel that its header states are missing'
has 1 num_samples=239 sample_min=-29999 sample_max=-29761 complete=false
run info cut.wav
exits 2

check 'a FLAC file that is cut'
head -c 100000 counts.flac >cut.flac
run stats --json cut.flac
exits 2
says 'samples of each channel that its header states are missing: the file ends at byte 100000'
has 1 complete=false sample_min=-29999
mv out all
run stats --json --threads 3 cut.flac
cmp -s out all || fail 'three threads measure something else'

check 'a WAV that was never finished'
cp counts.wav open.wav
set_bytes open.wav 4 0 0 0 0
set_bytes open.wav 40 377 377 377 377
run stats --csv open.wav
exits 0
says 'was not finished; the 300000 of each channel that are there are read'
cut -d , -f 5- out | cmp -s expected - || fail 'it measures something else'
run stats --csv - <open.wav
exits 0

check 'damage in a FLAC file costs a part of it'
cp counts.flac damaged.flac
set_bytes damaged.flac 200000 252 125 252 125 252 125 252 125 252 125 252 125
run stats --json damaged.flac
exits 2
says ' cannot be decoded: the file is damaged near byte'
has 1 complete=false
lost=$((300000 - $(value 1 num_samples)))
{ [ "$lost" -gt 0 ] && [ "$lost" -lt 10000 ]; } || fail "$lost samples are lost"
mv out all
run stats --json --threads 7 damaged.flac
cmp -s out all || fail 'seven threads measure something else'
run dump damaged.flac
exits 2

check 'no samples'
run convert "${raw[@]}" --to 1 counts.bin none.wav
set_bytes none.wav 4 44 0 0 0
set_bytes none.wav 40 0 0 0 0
head -c 44 none.wav >empty.wav
run stats --json empty.wav
exits 0
says_nothing
has 1 num_samples=0 sample_min=null complete=true

check 'no sound file'
echo 'Monday: calm' >notes.wav
run stats notes.wav
refused 2 'notes.wav: it does not begin as a sound file'
printf 'ID3\4\0\0' >song.mp3
run stats song.mp3
refused 2 'song.mp3: MP3 is not read'
head -c 20 counts.wav >head.wav
run stats head.wav
refused 2 'head.wav: it cannot be read as a sound file'
printf 'RIFF\4\0\0\0AVI ' >film
run stats film
refused 2 'film: neither its content nor its suffix tells the format'

finish
