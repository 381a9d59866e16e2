# seisview stats --detrend: what is left when trends are taken away.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

samples '<f8' 1 3 5 7 9 11 13 15 >ramp.bin

check 'of a straight line nothing is left'
run stats --json --dtype f8 --detrend ramp.bin
exits 0
says_nothing
has 1 num_samples=8 dtype='"<f8"' sample_min=0 sample_max=0 sample_stdev=0 num_zero=8 \
    longest_flat=8

check 'of order 0 the mean goes away'
run stats --json --dtype f8 --detrend=0 ramp.bin
exits 0
has 1 sample_mean=0 sample_min=-7 sample_max=7 sample_min_index=0 sample_max_index=7

check 'each channel and each window has a trend of its own'
samples '<i2' 1 100 2 90 3 80 4 70 9 60 >two.bin
run stats --json --dtype i2 --channels 2 --to 4 --detrend two.bin
exits 0
has 1 channel=0 sample_min=0 sample_max=0
has 2 channel=1 sample_min=0 sample_max=0
has 3 channel='"all"' num_samples=8 sample_max=0
run stats --json --dtype i2 --channels 2 --channel 0 --detrend two.bin
exits 0
has 1 sample_min_index=3 sample_max_index=4 num_zero=1

check 'what is left of integers is no integer'
samples '<i4' 0 1 1 >three.bin
run stats --json --dtype i4 --detrend=0 three.bin
exits 0
has 1 sample_min=-0.66666666666666663 sample_min_index=0 sample_max_index=1

check 'NaN and infinities are counted as before, and do not spoil the trend'
samples '<f4' nan 2 3 inf 5 -inf 7 nan >gaps.bin
run stats --json --detrend gaps.bin
exits 0
has 1 num_samples=8 num_nan=2 num_inf=2 sample_min=0 sample_max=0 num_zero=4

check 'a recording without a number, and one without a sample in reach of an order'
samples '<f4' nan nan >none.bin
samples '<f4' 5 >one.bin
run stats --json --detrend=5 none.bin one.bin
exits 0
has 1 num_nan=2 sample_mean=null sample_min=null
has 2 sample_mean=0 sample_max=0

check 'the same to the last digit for any number of threads'
run stats --json --threads 1 --detrend=3 "$DATA/quake.bin"
exits 0
mv out first
for threads in 2 5; do
    run stats --json --threads "$threads" --io read --detrend=3 "$DATA/quake.bin"
    cmp -s out first || fail "other figures with $threads threads"
done

check 'a check on what is left'
run stats --dtype f8 --detrend --fail-on 'sample_max_abs>0.5' ramp.bin
exits 0
run stats --dtype f8 --detrend=0 --fail-on 'sample_max_abs>0.5' ramp.bin
exits 3

check 'orders that there are not'
for order in 6 -1 1.5 x ''; do
    run stats --detrend="$order" ramp.bin
    exits 1
    says "--detrend=$order: that is no order of a trend; give 0 to 5"
done

check 'a cut file: what is there is measured, once'
cp "$DATA/hostile/header_lies.sac" cut.sac
run stats --json --detrend cut.sac
exits 2
[ "$(wc -l <err)" -eq 1 ] || fail 'more than a line'

finish
