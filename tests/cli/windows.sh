# Windows and chosen channels: --from, --to and --channel.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" .

# window 'FIRST COUNT' OPTION...: of quake.bin's 12000 samples at 100 Hz from 2026-01-01.
window()
{
    local first=${1% *} count=${1#* }
    shift
    check "the window $*"
    run info --json --channel 0 "$@" quake.bin
    exits 0
    says_nothing
    has 1 num_samples="$count" data_offset=$((first * 12)) shape="[3,$count]"
    run stats --json --channel 0 "$@" quake.bin
    exits 0
    has 1 num_samples="$count"
}

window '0 12000'
window '1000 11000' --from 1000
window '0 1000' --to 1000
window '1000 1' --from 1000 --to 1001
window '11999 1' --from 11999
window '0 12000' --from 0 --to 99999999999
window '1250 250' --from 12.5s --to 15s
window '1251 249' --from 12.500000001s --to 15s
window '1251 250' --from 12.501s --to 15.001s
window '100 200' --from 2026-01-01T00:00:01Z --to 2026-01-01T00:00:03Z
window '100 200' --from 2026,001,00:00:01 --to 2026,001,00:00:03
window '150 50' --from 1.5s --to 200
window '0 100' --from 2025-01-01T00:00:00Z --to 100

check 'indices count from the segment in a window too'
run stats --json --channel 0 quake.bin
index=$(value 1 sample_max_index)
run stats --json --channel 0 --from $((index - 5)) --to $((index + 5)) quake.bin
has 1 sample_max_index="$index" num_samples=10
has 1 start="\"2026-01-01T00:00:41.59Z\"" end="\"2026-01-01T00:00:41.68Z\""

check 'a window outside the recording'
run stats --from 12000 quake.bin
refused 1 'the window holds no sample; there are 12000 of each channel'
run dump --from 200s quake.bin
refused 1 'the window holds no sample'
run info --to 2020-01-01T00:00:00Z quake.bin
refused 1 'the window holds no sample'

check '--to before --from in other units'
run stats --from 100s --to 50 quake.bin
refused 1 'the window holds no sample'

check 'a file that the window misses is passed over where another has samples'
samples '<f4' 1 2 3 >short.bin
run stats --json --from 5 short.bin quake.bin
exits 0
says 'short.bin: the window holds no sample'
has 1 file='"quake.bin"'
run stats --json --from 5 short.bin short.bin
refused 1 'holds no sample' 'holds no sample'

check 'UTC of a recording without a start'
run stats --from 2026-01-01T00:00:00Z short.bin
exits 1
prints_nothing

check 'seconds of a recording without a start'
run stats --json --from 1s --rate 1 short.bin
exits 0
has 1 num_samples=2 start=null

check 'a channel that is not there'
run stats --channel 3 quake.bin
refused 1 '--channel 3 chooses none of its channels'
run stats --channel 'IU.*' quake.bin
refused 1 '--channel IU.* chooses none'

check 'channels by index'
run info --json --channel 0,2 quake.bin
exits 0
has 1 channel=0
has 2 channel=2
[ "$(wc -l <out)" -eq 2 ] || fail 'other channels'

check 'a start of a capture of its own makes a segment'
samples '<f4' 1 2 3 4 5 6 >twice.bin
cat >twice.sigmf-meta <<'META'
{"global": {"core:version": "1.2.0", "core:datatype": "rf32_le", "core:sample_rate": 1,
            "core:dataset": "twice.bin"},
 "captures": [{"core:sample_start": 0, "core:datetime": "2026-01-01T00:00:00Z"},
              {"core:sample_start": 2, "core:datetime": "2026-01-01T00:01:00Z"}],
 "annotations": []}
META
run stats --json twice.bin
exits 0
has 1 segment=0 num_samples=2 start='"2026-01-01T00:00:00Z"'
has 2 segment=1 num_samples=4 start='"2026-01-01T00:01:00Z"' sample_min_index=0
has 3 segment=null channel='"all"' start=null num_samples=6 sample_mean=3.5

check 'a window in samples of a channel with several segments'
run stats --from 1 twice.bin
refused 1 'several segments'

check 'a window in seconds of several segments'
run stats --json --from 61s twice.bin
exits 0
has 1 segment=1 num_samples=3 sample_min=4 sample_min_index=1
[ "$(wc -l <out)" -eq 1 ] || fail 'the segment that it misses is there'

finish
