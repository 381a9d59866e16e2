# seisview stats --quantiles: exact quantiles of every channel, and of all of them together.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" .

check 'the quartiles of a few samples'
samples '<f4' 3 -4 nan 0 10 inf -inf -0 >few.bin
run stats --json --quantiles few.bin
exits 0
says_nothing
has 1 num_samples=8 sample_lower_quartile=0 sample_median=0 sample_upper_quartile=3

check 'a list, between the samples'
run stats --json --quantiles=0.01,1,.6 few.bin
has 1 sample_median=0 sample_quantile_0.01=-3.8399999999999999 sample_quantile_1=10 \
    sample_quantile_0.6=1.1999999999999997

check 'the columns come only when they are asked for'
run stats --csv quake.bin
! grep -q 'quartile\|median\|quantile' out || fail 'there are some'
run stats --csv --quantiles=0.99,0.001 quake.bin
exits 0
wanted=sample_stdev,sample_lower_quartile,sample_median,sample_upper_quartile,
wanted=${wanted}sample_quantile_0.99,sample_quantile_0.001,num_zero
[ "$(head -n 1 out | grep -o 'sample_stdev,.*num_zero')" = "$wanted" ] || fail 'others, or in another order'

check 'the other figures stay as they are'
run stats --json quake.bin
mv out plain
run stats --json --quantiles=0.5 quake.bin
sed 's/"sample_lower_quartile":.*"num_zero"/"num_zero"/' out | cmp -s - plain || fail 'they do not'

check 'a table has them'
run stats --quantiles=0.9 quake.bin
exits 0
grep -q '^sample_median  *-2  *7  *6  *5$' out || fail 'no median'
grep -q '^sample_quantile_0.9 ' out || fail 'no quantile of the list'

check 'one sample; no finite one'
samples '<f4' 7 >one.bin
run stats --json --quantiles=0 one.bin
has 1 sample_lower_quartile=7 sample_median=7 sample_upper_quartile=7 sample_quantile_0=7
samples '<f4' nan -inf >none.bin
run stats --json --quantiles none.bin
exits 0
has 1 sample_lower_quartile=null sample_median=null sample_upper_quartile=null

check 'of all channels together, not of their medians'
samples '<f4' 1 100 2 200 3 300 4 400 1000 500 >two.bin
run stats --json --quantiles --channels 2 two.bin
has 1 sample_median=3
has 2 sample_median=300
has 3 channel='"all"' sample_median=150 sample_lower_quartile=3.25

for type in f4 f8 i1 i2 i3 i4 i8 u1 u2 u3 u4 u8 ibm4; do
    for order in '<' '>'; do
        check "samples of $order$type"
        samples "$order$type" 3 100 0 1 >typed.bin
        run stats --json --quantiles --dtype "$order$type" typed.bin
        exits 0
        has 1 sample_lower_quartile=0.75 sample_median=2 sample_upper_quartile=27.25
    done
done

check 'a window, and chosen channels'
run stats --json --quantiles --from 10s --to 20s --channel 1 quake.bin
exits 0
run dump --channel 1 --from 10s --to 20s quake.bin
median=$(sort -g out | awk 'NR == 500 || NR == 501 { sum += $1 } END { print sum / 2 }')
run stats --json --quantiles --from 10s --to 20s --channel 1 quake.bin
has 1 num_samples=1000 sample_median="$median"

check 'the same for any threads, any way to read and every kernel'
run stats --json --quantiles=0.001,0.2,0.999 quake.bin
cp out expected
for options in --threads=1 --threads=2 --threads=5 --io=map --io=read --io=direct \
    --progress=always --explain; do
    run stats --json --quantiles=0.001,0.2,0.999 "$options" quake.bin
    exits 0
    cmp -s expected out || fail "$options: other figures"
done
for kernel in reference avx2 avx512; do
    SEISVIEW_KERNEL=$kernel run stats --json --quantiles=0.001,0.2,0.999 quake.bin
    [ "$status" -eq 1 ] || cmp -s expected out || fail "$kernel: other figures"
done

check 'the same from a pipe'
run stats --json --quantiles --channels 3 - <quake.bin
mv out expected
run stats --json --quantiles --channels 3 - < <(cat quake.bin)
exits 0
cmp -s expected out || fail 'other figures'

# figures [OPTIONS] FILE: what the quantiles of each line are.
figures()
{
    run stats --csv --quantiles=0.05,0.95 "$@"
    head -n 1 out | tr , '\n' | grep -n 'quartile\|median\|quantile' | cut -d : -f 1 | paste -s -d , >columns
    cut -d , -f "$(cat columns)" out
}

check 'other formats hold the same'
figures quake.bin >expected
for target in npy mseed wav flac segy; do
    encoding=f4
    [ "$target" != flac ] || encoding=i3
    run convert --encoding "$encoding" quake.bin "same.$target"
    exits 0
    figures "same.$target" >found
    exits 0
    cmp -s expected found || fail "$target: other figures"
done

# Two channels of 40,000 counts, one after the other, in records of 4096 bytes.
seq 1 80000 | "$MAKE_SAMPLES" '<i4' >counts.bin
run convert --dtype '<i4' --channels 2 --layout planar --rate 100 --start 2026-01-31T12:00:00Z \
    --encoding steim2 counts.bin good.mseed

check 'segments of decoded counts'
run stats --json --quantiles good.mseed
exits 0
has 1 sample_lower_quartile=10000.75 sample_median=20000.5
has 2 sample_median=60000.5
has 3 channel='"all"' sample_lower_quartile=20000.75 sample_median=40000.5

check 'samples that cannot be decoded are left out, and said once'
cp good.mseed bad.mseed
printf '\252\252\252\252' | dd of=bad.mseed bs=1 seek=$((2 * 4096 + 64 + 32)) conv=notrunc status=none
printf '\252\252\252\252' | dd of=bad.mseed bs=1 seek=$((2 * 4096 + 64)) conv=notrunc status=none
run stats --json --quantiles bad.mseed
exits 2
says 'bad.mseed: the '
# Counts are their own numbers: those of one record are missing.
before=$("$SEISVIEW" dump bad.mseed 2>/dev/null | grep -n '^$' | cut -d : -f 1)
run stats --json --quantiles bad.mseed
lost=$((40000 - $(value 1 num_samples)))
count=$((80000 - lost))
{ seq 1 $((before - 1)); seq $((before + lost)) 80000; } >left
has 1 complete=false
has 3 complete=false num_samples="$count" \
    sample_median="$(awk -v n="$count" '
        NR == int((n + 1) / 2) { a = $1 } NR == int(n / 2) + 1 { print (a + $1) / 2 }' left)"

check 'a header that states more than there is'
run convert --channel 0 quake.bin whole.sac
head -c 24632 whole.sac >cut.sac
run stats --json --quantiles cut.sac
exits 2
run dump --channel 0 --to 6000 quake.bin
median=$(sort -g out | awk 'NR == 3000 || NR == 3001 { sum += $1 } END { print sum / 2 }')
run stats --json --quantiles cut.sac
has 1 complete=false num_samples=6000 sample_median="$median"

check 'many channels at once'
run stats --json --quantiles --format raw --channels 600 quake.bin
exits 0
[ "$(wc -l <out)" -eq 601 ] || fail 'not a line for each'
has 601 sample_median=5 sample_lower_quartile=-128.25 sample_upper_quartile=136

check 'conditions'
run stats --json --quantiles --fail-on 'sample_median>3' quake.bin
exits 3
says 'sample_median>3 in 3 rows, first in channel 1'
run stats --json --quantiles=0.01 --fail-on 'sample_quantile_0.01<-2000' quake.bin
exits 0
run stats --fail-on 'sample_median>3' quake.bin
refused 1 "there is no key 'sample_median'"

check 'what makes no sense'
for list in 2 -0.1 nan abc '0.5,' ,0.5 '' '0.5 0.6' 0.1,,0.2 1e400 50%; do
    run stats "--quantiles=$list" quake.bin
    refused 1 "--quantiles=$list: that is no list of quantiles"
done
run stats --quantiles=0.5,0.50 quake.bin
refused 1 'given twice'
run stats "--quantiles=$(seq -s , 0.01 0.01 0.62)" quake.bin
refused 1 'too many'
run stats "--quantiles=$(seq -s , 0.01 0.01 0.61)" --json quake.bin
exits 0
run info --quantiles quake.bin
refused 1 'there is no such option'

check 'a file is no list'
run stats --json --quantiles quake.bin few.bin
exits 0
[ "$(wc -l <out)" -eq 5 ] || fail 'not both files'

finish
