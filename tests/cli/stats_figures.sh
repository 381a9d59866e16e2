# seisview stats --moments, --clipping, --energy and --quick: which figures there are.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

# The keys of the first line of JSON Lines, in their order.
keys()
{
    head -n 1 out | grep -o '[{,]"[a-z_0-9.]*":' | tr -d '{,":' | tr '\n' ' '
}

has_keys()
{
    [ "$(keys)" = "$* " ] || fail "the keys are $(keys)"
}

first_keys='file format dtype id segment channel start end sample_rate num_samples'
usual_figures='num_nan num_inf sample_min sample_min_index sample_max sample_max_index
    sample_max_abs sample_max_abs_index sample_mean sample_rms sample_stdev'
last_keys='num_zero longest_flat longest_flat_index'

check 'skewness and kurtosis'
samples '<f4' 0 0 nan 0 inf 2 >few.bin
run stats --json --moments few.bin
exits 0
says_nothing
has 1 num_nan=1 num_inf=1
skewness=$(value 1 sample_skewness)
[[ $skewness == 1.154700538379251* ]] || fail "skewness $skewness"
kurtosis=$(value 1 sample_kurtosis)
[[ $kurtosis == -0.66666666666666* ]] || fail "kurtosis $kurtosis"

check 'none where all are equal, or there is one, or none'
samples '<f4' 3 3 nan 3 >flat.bin
samples '<f4' 7 >one.bin
samples '<f4' nan -inf >none.bin
run stats --json --moments --energy --clipping flat.bin one.bin none.bin
exits 0
has 1 sample_skewness=null sample_kurtosis=null sample_energy=27 num_clipped=0 num_sign_changes=0
has 2 sample_skewness=null sample_kurtosis=null sample_energy=49 num_clipped=0 num_sign_changes=0
has 3 sample_skewness=null sample_kurtosis=null sample_energy=null num_clipped=0 num_sign_changes=0

check 'clipped samples and changes of sign'
samples '<i2' 9 9 9 2 -5 -5 0 -5 -5 -5 -5 0 1 9 9 >clipped.bin
run stats --json --dtype i2 --clipping --energy clipped.bin
exits 0
has 1 num_clipped=7 num_sign_changes=2 sample_energy=560
run stats --json --dtype i2 --clipping --from 1 clipped.bin
has 1 num_clipped=4
run stats --json --dtype i2 --clipping --to 4 --from 1 clipped.bin
has 1 num_clipped=0 num_sign_changes=0

check 'in the row for all channels both are sums, and neither runs nor signs go on'
samples '<f4' 1 -3 1 -3 -1 -3 1 2 1 4 1 4 >two.bin
run stats --json --clipping --energy --moments --channels 2 two.bin
exits 0
has 1 channel=0 num_clipped=3 num_sign_changes=2 sample_energy=6
has 2 channel=1 num_clipped=3 num_sign_changes=1
has 3 channel='"all"' num_clipped=6 num_sign_changes=3 sample_energy=69
samples '<f4' 5 5 5 5 -5 -5 -5 -5 >planar.bin
run stats --json --clipping --channels 2 --layout planar planar.bin
has 3 channel='"all"' num_clipped=8 num_sign_changes=0
mkdir apart
samples '<f4' 1 1 2 2 3 3 1 1 >apart/two.bin
run stats --json --clipping --channels 2 apart/two.bin
has 3 channel='"all"' num_clipped=0
run stats --json --moments --channels 2 two.bin
mv out both
samples '<f4' 1 1 -1 1 1 1 -3 -3 -3 2 4 4 >joined.bin
run stats --json --moments joined.bin
[ "$(sed -n 3p both | grep -o '"sample_skewness":[^,]*,"sample_kurtosis":[-0-9.]\{12\}')" = \
    "$(grep -o '"sample_skewness":[^,]*,"sample_kurtosis":[-0-9.]\{12\}' out)" ] ||
    fail 'the shape of all is not that of all samples'

check 'which keys there are, in which order'
run stats --json few.bin
# shellcheck disable=SC2086 # words
has_keys $first_keys $usual_figures $last_keys complete
run stats --json --moments few.bin
# shellcheck disable=SC2086
has_keys $first_keys $usual_figures sample_skewness sample_kurtosis $last_keys complete
run stats --json --clipping --energy few.bin
# shellcheck disable=SC2086
has_keys $first_keys $usual_figures sample_energy $last_keys num_clipped num_sign_changes complete
run stats --json --quick few.bin
# shellcheck disable=SC2086
has_keys $first_keys sample_max_abs sample_mean complete
has 1 sample_max_abs=2 sample_mean=0.5
run stats --json --quick --quantiles --clipping --moments --energy few.bin
# shellcheck disable=SC2086
has_keys $first_keys sample_max_abs sample_mean sample_skewness sample_kurtosis sample_energy \
    sample_lower_quartile sample_median sample_upper_quartile num_clipped num_sign_changes complete

check 'a table and CSV have them, when they are asked for'
run stats --moments --clipping --energy "$DATA/quake.bin"
exits 0
for key in sample_skewness sample_kurtosis sample_energy num_clipped num_sign_changes; do
    grep -q "$key" out || fail "the table lacks $key"
done
run stats "$DATA/quake.bin"
! grep -q 'skewness\|kurtosis\|energy\|clipped\|sign_changes' out || fail 'not asked for'
run stats --csv --moments --clipping --energy "$DATA/quake.bin"
exits 0
head -n 1 out | grep -q ',sample_stdev,sample_skewness,sample_kurtosis,sample_energy,num_zero,' ||
    fail 'no figures after the deviation'
head -n 1 out | grep -q ',longest_flat_index,num_clipped,num_sign_changes,complete$' ||
    fail 'no counts at the end'
[ "$(awk -F, '{ print NF }' out | sort -u | wc -l)" -eq 1 ] || fail 'lines of different length'
run stats --csv --quick few.bin
exits 0
head -n 1 out | grep -q 'num_samples,sample_max_abs,sample_mean,complete$' || fail 'other columns'
run stats --quick few.bin
exits 0
! grep -q 'sample_rms\|num_nan\|longest' out || fail 'more than was asked for'

check 'the other figures stay as they are'
run stats --json "$DATA/quake.bin"
mv out plain
run stats --json --moments --clipping --energy "$DATA/quake.bin"
sed 's/"sample_skewness".*"num_zero"/"num_zero"/; s/"num_clipped".*"complete"/"complete"/' out |
    cmp -s - plain || fail 'they do not'

check 'the same to the last digit whatever runs'
run stats --json --threads 1 --moments --clipping --energy "$DATA/quake.bin"
mv out first
SEISVIEW_KERNEL=reference run stats --json --threads 3 --io read --moments --clipping --energy \
    "$DATA/quake.bin"
cmp -s out first || fail 'other figures'

check 'conditions on what was asked for, and on what was not'
run stats --dtype i2 --clipping --fail-on 'num_clipped>6' clipped.bin
exits 3
run stats --dtype i2 --clipping --fail-on 'num_clipped>7' clipped.bin
exits 0
run stats --energy --fail-on 'sample_energy>=4' few.bin
exits 3
run stats --moments --fail-on 'sample_kurtosis==null' flat.bin
exits 3
for condition in 'num_clipped>6' 'num_sign_changes>0' 'sample_energy>4' 'sample_skewness>1' \
    'sample_kurtosis>0'; do
    run stats --fail-on "$condition" few.bin
    exits 1
    prints_nothing
done
run stats --quick --fail-on 'num_nan>0' few.bin
exits 1
prints_nothing
run stats --quick --fail-on 'sample_max_abs>1' few.bin
exits 3

check 'of what is left of a trend'
samples '<f8' 101 98 101 98 101 98 101 98 >steps.bin
samples '<f8' 1.5 -1.5 1.5 -1.5 1.5 -1.5 1.5 -1.5 >rest.bin
run stats --json --dtype f8 --moments --clipping --energy rest.bin
grep -o '"sample_skewness.*' out >wanted
run stats --json --dtype f8 --moments --clipping --energy --detrend=0 steps.bin
exits 0
has 1 num_sign_changes=7 sample_kurtosis=-2
grep -o '"sample_skewness.*' out | cmp -s - wanted || fail 'other figures'
run stats --json --moments --clipping --detrend none.bin
exits 0
has 1 sample_kurtosis=null num_clipped=0
run stats --detrend --quantiles few.bin
refused 1 '--quantiles are of the samples as they are stored'

check 'options that take no argument'
for option in moments clipping energy quick; do
    run stats --$option=3 few.bin
    exits 1
    prints_nothing
done

finish
