# seisview stats: what it measures, and how it is written.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

keys='file format dtype id segment channel start end sample_rate num_samples num_nan num_inf
sample_min sample_min_index sample_max sample_max_index sample_max_abs sample_max_abs_index
sample_mean sample_rms sample_stdev num_zero longest_flat longest_flat_index complete'

cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" .

check 'the table of a recording'
run stats quake.bin
exits 0
says_nothing
matches stats.txt

check 'JSON Lines'
run stats --json quake.bin
exits 0
matches stats.json

check 'CSV'
run stats --csv quake.bin
exits 0
matches stats.csv

check 'the keys are those of the contract, in their order'
run stats --csv quake.bin
# shellcheck disable=SC2086
[ "$(head -n 1 out)" = "$(printf '%s,' $keys | sed 's/,$//')" ] || fail 'other keys'

check 'many channels: a line each'
run stats --format raw --channels 12 quake.bin
exits 0
matches stats_lines.txt

check 'several files, each on its own'
samples '<f4' 1 2 3 >a.bin
samples '<f4' 5 >b.bin
run stats --json a.bin b.bin
exits 0
has 1 file='"a.bin"' num_samples=3 sample_mean=2
has 2 file='"b.bin"' num_samples=1 sample_mean=5 channel=0
[ "$(wc -l <out)" -eq 2 ] || fail 'a line for all channels of one'

check 'all figures of a few samples'
samples '<f4' 3 -4 nan 0 0 inf -inf -0 >few.bin
run stats --json few.bin
exits 0
has 1 format='"raw"' dtype='"<f4"' id=null segment=0 channel=0 start=null end=null sample_rate=1 \
    num_samples=8 num_nan=1 num_inf=2 sample_min=-4 sample_min_index=1 sample_max=3 \
    sample_max_index=0 sample_max_abs=4 sample_max_abs_index=1 sample_mean=-0.20000000000000001 \
    sample_rms=2.2360679774997898 sample_stdev=2.2271057451320089 num_zero=3 longest_flat=2 \
    longest_flat_index=3 complete=true

check 'ties report the first index'
samples '<f4' 1 -7 7 7 -7 >ties.bin
run stats --json ties.bin
has 1 sample_min_index=1 sample_max_index=2 sample_max_abs=7 sample_max_abs_index=1 \
    longest_flat=2 longest_flat_index=2

check 'negative zero is 0'
samples '<f4' -0 -0 >zero.bin
run stats --json zero.bin
has 1 sample_min=0 sample_max=0 sample_max_abs=0 sample_mean=0 num_zero=2

check 'no finite sample: null'
samples '<f4' nan inf >none.bin
run stats --json none.bin
exits 0
has 1 num_samples=2 num_nan=1 num_inf=1 sample_min=null sample_min_index=null sample_max=null \
    sample_max_abs=null sample_max_abs_index=null sample_mean=null sample_rms=null \
    sample_stdev=null num_zero=0 longest_flat=0 longest_flat_index=null

for type in f4 f8 i1 i2 i3 i4 i8 ibm4; do
    for order in '<' '>'; do
        check "samples of $order$type"
        samples "$order$type" 3 -100 0 >typed.bin
        run stats --json --dtype "$order$type" typed.bin
        exits 0
        written=$order$type
        [ "$type" != i1 ] || written=$type
        has 1 dtype="\"$written\"" sample_min=-100 sample_max=3 sample_mean=-32.333333333333336
    done
done
for type in u1 u2 u3 u4 u8; do
    check "samples of $type"
    samples ">$type" 3 200 0 >typed.bin
    run stats --json --dtype ">$type" typed.bin
    exits 0
    has 1 sample_min=0 sample_max=200 sample_mean=67.666666666666671
done

check 'integers are written whole'
samples '<i8' 4611686018427387904 -9223372036854775808 >large.bin
run stats --json --dtype '<i8' large.bin
has 1 sample_min=-9223372036854775808 sample_max=4611686018427387904

check 'the line for all channels'
samples '<f4' 1 10 2 nan 3 30 >two.bin
run stats --json --channels 2 --rate 50 --start 2026-01-31T12:00:00.5Z two.bin
exits 0
has 1 channel=0 num_samples=3 sample_mean=2 start='"2026-01-31T12:00:00.5Z"' \
    end='"2026-01-31T12:00:00.54Z"'
has 2 channel=1 num_samples=3 num_nan=1 sample_mean=20
has 3 channel='"all"' id=null segment=0 start='"2026-01-31T12:00:00.5Z"' num_samples=6 num_nan=1 \
    sample_min=1 sample_max=30 sample_max_index=2 sample_mean=9.1999999999999993 complete=true

check 'flat runs are not joined across channels'
samples '<f4' 5 5 5 5 >flat.bin
run stats --json --channels 2 flat.bin
has 3 longest_flat=2 longest_flat_index=0

check 'planar channels'
samples '<f4' 1 2 3 10 20 30 >planar.bin
run stats --json --channels 2 --layout planar planar.bin
has 1 sample_mean=2
has 2 sample_mean=20

check 'a header to skip'
{ printf 'header!'; samples '>i2' 7 8 9; } >skip.bin
run stats --json --skip 7 --dtype '>i2' skip.bin
exits 0
has 1 num_samples=3 sample_mean=8

check 'standard input, a pipe'
run stats --json - < <(samples '<f4' 1 2 3)
exits 0
has 1 file='"-"' num_samples=3

check 'standard input, a file'
run stats --json - <a.bin
exits 0
has 1 num_samples=3

check 'chosen channels keep their numbers'
run stats --json --channel 1-2 quake.bin
has 1 channel=1
has 2 channel=2
has 3 channel='"all"' num_samples=24000

check 'the same figures for any number of threads and any way to read'
run stats --json quake.bin
cp out expected
for options in --threads=1 --threads=2 --threads=3 --threads=7 --io=map --io=read --io=direct \
    --progress=never --progress=always --explain; do
    run stats --json "$options" quake.bin
    exits 0
    cmp -s expected out || fail "$options: other figures"
done

check 'the same figures with every kernel'
for kernel in reference avx2 avx512 neon; do
    SEISVIEW_KERNEL=$kernel run stats --json quake.bin
    [ "$status" -eq 1 ] || cmp -s expected out || fail "$kernel: other figures"
done

check 'a kernel that there is not'
SEISVIEW_KERNEL=abacus run stats quake.bin
refused 1 abacus

check 'explain'
run stats --explain quake.bin
exits 0
for word in 'quake.bin: raw' 'bytes mapped, 0 copied' thread kernels GB/s 'anonymous memory'; do
    grep -q "$word" err || fail "nothing of '$word'"
done

check 'a progress bar that is asked for goes away again'
run stats --progress=always quake.bin
exits 0
tail -c 4 err | cmp -s - <(printf '\r\033[K') || fail 'it stays'

check 'a name that is no text is shown with ?'
cp a.bin "$(printf 'x\033[31m\377.bin')"
run stats --json x*
exits 0
has 1 file='"x?[31m?.bin"'

check 'CSV quotes as RFC 4180'
cp a.bin 'a,"b".bin'
run stats --csv a,*
[ "$(sed -n 2p out | cut -c 1-16)" = '"a,""b"".bin",ra' ] || fail 'other quotes'

finish
