# Several files as one recording: --join.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

# times NUMBER COUNT: the number, so many times.
times()
{
    local i
    for ((i = 0; i < $2; i++)); do
        printf '%s ' "$1"
    done
}

# texts TEXT...: each eight bytes wide.
texts()
{
    printf '%-8s' "$@"
}

# sac FILE STATION SECOND SAMPLE...: a SAC file of 10 Hz that begins at that second of 2026.
sac()
{
    local file=$1 station=$2 second=$3 undefined=-12345 word
    shift 3
    {
        # shellcheck disable=SC2046
        samples '<f4' 0.1 $(times $undefined 4) 0 $(times $undefined 64)
        # shellcheck disable=SC2046
        samples '<i4' 2026 1 0 0 "$second" 0 6 $undefined $undefined $# \
            $(times $undefined 5) 1 $(times $undefined 19) 1 $(times $undefined 4)
        texts "$station" '-12345' ''
        for ((word = 0; word < 17; word++)); do
            texts '-12345'
        done
        texts BHZ XX '-12345' '-12345'
        samples '<f4' "$@"
    } >"$file"
}

sac a.sac AAA 1 11 12 13 14 15 16 17 18 19 20
sac b.sac AAA 2 21 22 23 24 25
sac c.sac AAA 4 41 42 43
sac other.sac BBB 1 -1 -2 -3

check 'the files are what they should be'
run info --json a.sac
exits 0
has 1 id='"XX.AAA..BHZ"' start='"2026-01-01T00:00:01Z"' num_samples=10 sample_rate=10

check 'files that follow one another are one segment'
run stats --json --join b.sac a.sac
exits 0
says_nothing
[ "$(wc -l <out)" -eq 1 ] || fail 'more than one row'
has 1 file='"b.sac"' format='"sac"' segment=0 channel=0 num_samples=15 sample_min=11 \
    sample_max=25 sample_max_index=14 start='"2026-01-01T00:00:01Z"' complete=true

check 'gaps begin segments, and channels count as they appear'
run info --json --join other.sac c.sac b.sac a.sac
exits 0
[ "$(wc -l <out)" -eq 3 ] || fail 'not three rows'
has 1 file='"other.sac"' id='"XX.BBB..BHZ"' segment=0 channel=0 num_samples=3
has 2 id='"XX.AAA..BHZ"' segment=1 channel=1 num_samples=15 num_segments=3 num_gaps=1 \
    zero_copy=false data_offset=null shape='[1,15]'
has 3 segment=2 channel=1 num_samples=3 start='"2026-01-01T00:00:04Z"'

check 'dump goes across files, whatever their order'
run dump --join b.sac a.sac
exits 0
prints "$(seq 11 25)"
run dump --join --hex b.sac a.sac
exits 0
mv out joined
run dump --hex a.sac b.sac
grep -v '^$' out | cmp -s - joined || fail 'other bytes'

check 'windows across files'
run dump --join --from 0.8s --to 1.2s a.sac b.sac
exits 0
prints "$(seq 19 22)"
run dump --join --from 2026-01-01T00:00:01.85Z --to 13 b.sac a.sac
exits 0
prints "$(seq 20 23)"
run dump --join --channel '*.BBB.*' --from 1 a.sac b.sac other.sac c.sac
exits 0
prints '-2
-3'

check 'a window in samples of a channel with several segments'
run stats --join --from 1 a.sac c.sac
refused 1 'several segments'

check 'a list of files'
printf '%s\n' b.sac '' c.sac >list
run info --json --join a.sac @list
exits 0
has 1 file='"a.sac"' num_samples=15 num_segments=2
run stats --join @nowhere a.sac
exits 2
says '@nowhere: the list cannot be opened'

check 'a pipe is a part too'
run stats --json --join b.sac - <a.sac
exits 0
has 1 num_samples=15

check 'a missing part'
run stats --json --join a.sac nowhere.sac b.sac
exits 2
says 'nowhere.sac: it cannot be opened'
has 1 num_samples=15 complete=true
run stats --json --join nowhere.sac neither.sac
refused 2 'nowhere.sac: it cannot be opened'

run stats --json --join --from 10 a.sac nowhere.sac
exits 2
prints_nothing
says 'nowhere.sac: it cannot be opened' 'a.sac: the window holds no sample'

check 'a part that is cut'
head -c 640 b.sac >cut.sac
run stats --json --join a.sac cut.sac other.sac
exits 2
says 'cut.sac: 3 of the 5 samples'
has 1 num_samples=12 complete=false
has 2 num_samples=3 complete=true

check 'what cannot be joined'
cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" .
run stats --join a.sac quake.bin
refused 1 'quake.bin: its channel 0 has no id'
run stats --join
refused 1 'no file is named'

check 'a start of their own'
run info --json --join --start 2000-01-01T00:00:00Z c.sac a.sac
exits 0
has 1 start='"2000-01-01T00:00:00Z"' num_samples=10
has 2 start='"2000-01-01T00:00:03Z"' num_samples=3

check 'without --join each file is its own recording'
run info --json a.sac b.sac
exits 0
has 2 file='"b.sac"' num_segments=1

check 'miniSEED is joined like SAC, and with it'
run convert a.sac a.mseed
exits 0
run convert b.sac b.mseed
exits 0
run dump --join b.mseed a.mseed
exits 0
prints "$(seq 11 25)"
run info --json --join a.mseed c.sac
exits 0
has 1 format='"mixed"' num_segments=2

check 'the whole converted'
run convert --join b.sac a.sac whole.sac
exits 0
run dump whole.sac
exits 0
prints "$(seq 11 25)"
run info --json whole.sac
has 1 id='"XX.AAA..BHZ"' start='"2026-01-01T00:00:01Z"' num_samples=15
run convert --join --force b.mseed a.mseed a.mseed
refused 1 'a.mseed: it is the recording that is to be converted'
run convert --from 1 a.mseed unnamed.bin
run convert --rate 10 --start 2026-01-01T00:00:00Z unnamed.bin unnamed.mseed
run stats --join unnamed.mseed
refused 1 'unnamed.mseed: its channel 0 has no id'

check 'many files, and few descriptors'
list=
for ((i = 0; i < 60; i++)); do
    sac "$i.sac" AAA "$i" $(seq $((10 * i)) $((10 * i + 9)))
    list="$list $i.sac"
done
# shellcheck disable=SC2086
(ulimit -n 24 && "$SEISVIEW" stats --json --join $list) >out 2>err
# shellcheck disable=SC2034
status=$?
exits 0
says_nothing
has 1 num_samples=600 sample_mean=299.5 longest_flat=1

check 'quantiles of parts of several types'
run convert --encoding i4 b.sac counts.mseed
exits 0
run stats --json --quantiles --join a.sac counts.mseed c.sac
exits 0
has 1 dtype='"<f4"' sample_median=15.5
has 3 dtype='"<f4"' sample_median=42
has 4 channel='"all"' dtype=null num_samples=18 sample_lower_quartile=15.25 sample_median=19.5 \
    sample_upper_quartile=23.75

finish
