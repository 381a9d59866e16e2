# seisview corr: matrices by hand, files lined up by time, gaps, missing samples, output of all kinds.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

samples '<f4' 1 2 2 4 3 5 4 8 5 11 >two.bin

check 'a matrix whose values are known'
run corr --json --channels 2 two.bin
exits 0
says_nothing
has 1 file='"two.bin"' id=null channel=0 num_samples=5 num_missing=0 sample_mean=3 0=1
has 2 channel=1 sample_mean=6 1=1
case $(value 1 1) in 0.98386*) ;; *) fail "the correlation is $(value 1 1)" ;; esac
[ "$(value 1 1)" = "$(value 2 0)" ] || fail 'it is not symmetric'
run corr --json --channels 2 --covariance two.bin
case $(value 1 0),$(value 1 1) in 2,4.4* | 1.99999*,4.4* | 2.0000*,4.4* | 2,4.39999*) ;; *)
    fail "the covariances are $(value 1 0) and $(value 1 1)" ;; esac

check 'CSV and the table have the same columns'
run corr --csv --channels 2 two.bin
exits 0
[ "$(head -n 1 out)" = 'file,id,segment,channel,start,end,sample_rate,num_samples,num_missing,sample_mean,sample_stdev,0,1' ] ||
    fail 'the columns are others'
run corr --channels 2 two.bin
exits 0
grep -q 'num_samples   5' out || fail 'no num_samples'
grep -q '0.98387' out || fail 'no coefficient'

check 'chosen channels keep their numbers'
run corr --json --channel 1-2 "$DATA/quake.bin"
exits 0
has 1 channel=1 1=1
has 2 channel=2 2=1
[ "$(wc -l <out)" -eq 2 ] || fail 'other rows'

check 'files without times begin together, and their channels number on'
samples '<f4' 1 2 3 4 5 6 >a.f32
samples '<f4' 6 5 4 3 >b.f32
run corr --json a.f32 b.f32
exits 0
has 1 file='"a.f32"' channel=0 num_samples=4 0=1
has 2 file='"b.f32"' channel=1 num_samples=4 1=1
case $(value 1 1) in -1 | -0.99999*) ;; *) fail "the coefficient is $(value 1 1)" ;; esac

check 'files with times are lined up by them'
seisview()
{
    "$SEISVIEW" "$@"
}
seisview convert --rate 10 --start 2026-01-01T00:00:00Z a.f32 a.sac
samples '<f4' 9 9 4 5 6 7 8 >late.f32
seisview convert --rate 10 --start 2026-01-01T00:00:00.1Z late.f32 late.sac
run corr --json a.sac late.sac
exits 0
has 1 start='"2026-01-01T00:00:00.1Z"' end='"2026-01-01T00:00:00.5Z"' num_samples=5 sample_mean=4
has 2 start='"2026-01-01T00:00:00.1Z"' num_samples=5 sample_mean=6.5999999999999996

check 'nothing in common, a file without time, another rate'
seisview convert --rate 10 --start 2026-01-02T00:00:00Z a.f32 tomorrow.sac
run corr a.sac tomorrow.sac
refused 2 'tomorrow.sac: channel 1 begins when channel 0 has ended'
run corr a.sac b.f32
refused 2 'b.f32: it has no time by which to line it up'
seisview convert --rate 20 --start 2026-01-01T00:00:00Z a.f32 fast.sac
run corr a.sac fast.sac
refused 2 'fast.sac: channel 1 has 20 samples a second, and channel 0 10'

check 'a gap is told, and a window without it taken'
seisview convert --rate 10 --start 2026-01-01T00:00:00Z a.f32 first.mseed
seisview convert --rate 10 --start 2026-01-01T00:00:01Z a.f32 second.mseed
cat first.mseed second.mseed >gap.mseed
seq 1 30 | "$MAKE_SAMPLES" '<f4' >long.f32
cat >long.sigmf-meta <<'END'
{"global": {"core:datatype": "rf32_le", "core:sample_rate": 10, "core:version": "1.0.0"},
 "captures": [{"core:sample_start": 0, "core:datetime": "2026-01-01T00:00:00Z"}], "annotations": []}
END
run corr gap.mseed long.f32
refused 2 'gap.mseed: channel 0 has a gap after 2026-01-01T00:00:00.5Z'
run corr --json --to 2026-01-01T00:00:00.4Z gap.mseed long.f32
exits 0
has 1 num_samples=4 0=1

check 'missing samples: pair by pair, or not at all'
samples '<f4' 1 2 2 4 nan 5 4 8 5 inf >gaps.bin
run corr --json --channels 2 gaps.bin
exits 0
has 1 num_missing=1 num_samples=5
has 2 num_missing=1
case $(value 1 1) in 1 | 0.99999* ) ;; *) fail "the coefficient is $(value 1 1)" ;; esac
run corr --nan=fail --channels 2 gaps.bin
refused 2 'gaps.bin: sample 2 of row 0 is missing'
run corr --nan=perhaps gaps.bin
refused 1 'there is no such way to treat NaN'

check 'constants have no coefficient'
samples '<f4' 1 7 2 7 3 7 >flat.bin
run corr --json --channels 2 flat.bin
exits 0
has 1 0=1 1=null
has 2 1=null sample_stdev=0

check 'means and deviations are those that stats prints'
for options in '--layout interleaved' '--layout planar' '--layout planar --detrend'; do
    seq 1 3000 | awk '{ print ($1 * 7919) % 1009 + $1 % 3 * 1000 }' | "$MAKE_SAMPLES" '<i4' >whole.bin
    # shellcheck disable=SC2086
    run corr --json --dtype i4 --channels 3 $options whole.bin
    mv out correlated
    # shellcheck disable=SC2086
    run stats --json --dtype i4 --channels 3 $options whole.bin
    for line in 1 2 3; do
        mean=$(value "$line" sample_mean) deviation=$(value "$line" sample_stdev)
        mv out measured && mv correlated out
        case $options in *detrend*) ;; *)
            has "$line" sample_mean="$mean" ;; esac
        awk -v a="$deviation" -v b="$(value "$line" sample_stdev)" \
            'BEGIN { exit !((a - b) ^ 2 <= (4e-15 * a) ^ 2) }' ||
            fail "$options: the deviation is $(value "$line" sample_stdev) instead of $deviation"
        mv out correlated && mv measured out
    done
done

check 'trends are taken away'
samples '<f8' 0 0 11 9 20 20 31 29 40 40 >trend.bin
run corr --json --dtype f8 --channels 2 --detrend trend.bin
exits 0
case $(value 1 1) in -1 | -0.99999*) ;; *) fail "the coefficient is $(value 1 1)" ;; esac

check 'the same to the last digit for any number of threads'
run corr --json --threads 1 "$DATA/quake.bin"
mv out first
for threads in 2 5; do
    run corr --json --threads "$threads" "$DATA/quake.bin"
    cmp -s out first || fail "other figures with $threads threads"
done

check 'the same to the last digit for any way to read'
samples '<f8' 1 2 3 5 4 4 nan 1 >joined.f8
samples '<f8' 9 1 7 3 8 2 6 1 >other.f8
printf "\\223NUMPY\\001\\000\\166\\000%-117s\\n" \
    "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4000), }" >fortran.npy
seq 1 12000 | awk '{ print ($1 * 7919) % 1009 + $1 % 3 * 1000 }' | "$MAKE_SAMPLES" '<f4' >>fortran.npy
# A frame of it is more than is read at once.
truncate -s $((4 * 300000 * 4)) wide.f32
samples '<f4' 1 2 4 3 | dd of=wide.f32 conv=notrunc bs=4 seek=600000 2>dd.log
every_way()
{
    run corr --json --io map "$@"
    exits 0
    mv out mapped
    for io in auto read direct; do
        run corr --json --explain --io $io "$@"
        exits 0
        cmp -s out mapped || fail "$*: other figures with --io $io"
        case $io in
        auto) grep -q ': [1-9][0-9]* bytes mapped, 0 copied, ' err || fail "$*: not mapped" ;;
        *) grep -q ': 0 bytes mapped, [1-9][0-9]* copied, ' err || fail "$*: not read by calls" ;;
        esac
    done
}
every_way "$DATA/quake.bin"
every_way --layout planar --channels 3 --format raw "$DATA/quake.bin"
every_way --from 1000 --to 9001 --channel 0,2 --detrend "$DATA/quake.bin"
every_way fortran.npy
every_way --channels 300000 --channel 0,1,3,299999 wide.f32
every_way a.sac late.sac
every_way a.f32 two.bin b.f32
run corr --io perhaps "$DATA/quake.bin"
refused 1 'there is no such way to read'
run corr --json --io map --join --dtype f8 --channels 2 joined.f8 other.f8
mv out mapped
mv err warned
for io in read direct; do
    run corr --json --io $io --join --dtype f8 --channels 2 joined.f8 other.f8
    cmp -s out mapped || fail "joined: other figures with --io $io"
    cmp -s err warned || fail "joined: other lines with --io $io"
done

check 'a file system that has no way past the page cache'
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
    shared=$(mktemp -d /dev/shm/seisview.XXXXXX)
    cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" "$shared"
    every_way "$shared/quake.bin"
    rm -r "$shared"
fi

check 'the matrix as a file, instead of the table or beside it'
run corr -o matrix.npy "$DATA/quake.bin"
exits 0
prints_nothing
seisview dump matrix.npy >dumped
[ "$(wc -l <dumped)" -eq 3 ] || fail 'the array has another shape'
grep -q '^1' dumped || fail 'the array is another'
run corr --json -o matrix.npy "$DATA/quake.bin"
[ "$(wc -l <out)" -eq 3 ] || fail 'no rows beside the file'
for suffix in png svg pdf; do
    run corr -o "matrix.$suffix" "$DATA/quake.bin"
    exits 0
    [ -s "matrix.$suffix" ] || fail "no picture $suffix"
done
run corr -o matrix.txt "$DATA/quake.bin"
refused 1 'its suffix does not say what to write'
cp two.bin two.npy
run corr --format raw -o two.npy two.npy
refused 1 'two.npy: it is one of the recordings'
run corr -o nowhere/matrix.npy two.bin
refused 2 'nowhere/matrix.npy: '

check '2,000 channels, whatever the length, in 64 MiB beside the matrix'
# A sanitizer has memory of its own.
most=64
! grep -aq '__[at]san_init' "$SEISVIEW" || most=4096
holds_memory()
{
    run corr --threads 2 --explain -o matrix.npy "$@"
    exits 0
    awk -v most="$most" '/of anonymous memory at most/ {
        found = 1
        for (i = 1; i < NF; i++) if ($(i + 1) == "MiB") all = $i
        exit !(all - $NF <= most)
    }
    END { if (!found) exit 1 }' err || fail "$*: $(tail -n 1 err)"
}
truncate -s $((2000 * 4000 * 4)) many.bin
for options in '' '--layout planar' '--layout planar --dtype f8 --detrend' '--dtype >i2' \
    '--io read' '--io read --dtype f8' '--io read --threads 32 --dtype f8'; do
    # shellcheck disable=SC2086
    holds_memory --channels 2000 $options many.bin
done
mkdir many
seq -f 'many/%.0f.f32' 2000 >many.txt
xargs truncate -s 12000 <many.txt
holds_memory @many.txt
samples '<f4' 1 2 nan 4 >rest.f32
cat many.bin rest.f32 | head -c $((2000 * 1000 * 4)) >few.bin
cat rest.f32 few.bin | head -c $((2000 * 1000 * 4)) >gaps.bin
holds_memory --channels 2000 gaps.bin
rm -r many many.bin few.bin

check '--explain names the kernels'
run corr --explain "$DATA/quake.bin"
exits 0
grep -q 'GB/s; too little to compare' err || fail 'no rate'
grep -q 'OpenBLAS with its [A-Za-z0-9]* kernels' err || fail 'no kernels are named'
OPENBLAS_CORETYPE=Prescott run corr --explain "$DATA/quake.bin"
grep -qi 'OpenBLAS with its \(Prescott\|Core2\|armv\|[a-z]*\) kernels' err || fail 'not what was asked for'

check 'without OpenBLAS one line says so'
mkdir empty
: >empty/libopenblas.so.0
LD_LIBRARY_PATH=$PWD/empty run corr "$DATA/quake.bin"
refused 2 'this needs OpenBLAS, which is not there; install it'

check 'files that are not there, not understood, cut, and no file'
run corr nowhere.bin
refused 2 'nowhere.bin: it cannot be opened'
: >empty.bin
run corr empty.bin
refused 2 'empty.bin: '
echo 'some text' >text.sac
run corr text.sac
refused 2 'text.sac: '
head -c 650 a.sac >cut.sac
run corr --json cut.sac
exits 2
[ "$(wc -l <out)" -eq 1 ] || fail 'what is there was not correlated'
run corr
refused 1 'no file is named'
run corr --from 100 a.f32
refused 1 'a.f32: the window holds no sample'

finish
