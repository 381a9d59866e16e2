# miniSEED through the program: segments, and a record that cannot be decoded, which is said, while
# everything else is measured.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

# spoil FILE BYTE: four bytes there become nonsense.
spoil()
{
    printf '\252\252\252\252' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none || fail "dd"
}

# Two channels of 40,000 counts, one after the other, in records of 4096 bytes.
seq 1 80000 | "$MAKE_SAMPLES" '<i4' >counts.bin
check 'made'
run convert --dtype '<i4' --channels 2 --layout planar --rate 100 --start 2026-01-31T12:00:00Z \
    --encoding steim2 counts.bin good.mseed
exits 0

check 'each channel is a segment'
run stats --json good.mseed
exits 0
says_nothing
has 1 num_samples=40000 sample_min=1 sample_max=40000 sample_mean=20000.5 complete=true segment=0
has 2 num_samples=40000 sample_min=40001 sample_max=80000 complete=true segment=1
has 3 channel='"all"' num_samples=80000 sample_max=80000 complete=true

check 'threads and windows'
cp out all
for threads in 1 2 5; do
    run stats --json --threads $threads good.mseed
    cmp -s all out || fail "$threads threads measure something else"
done
run stats --json --from 2026-01-31T12:03:00Z --to 200s good.mseed
has 1 num_samples=2000 sample_min=18001 sample_max=20000 sample_min_index=18000
run dump --from 180s --to 180.03s good.mseed
prints $'18001\n18002\n18003\n\n58001\n58002\n58003'

check 'a record that cannot be decoded: the other channel is measured'
cp good.mseed bad.mseed
spoil bad.mseed $((2 * 4096 + 64 + 32))
spoil bad.mseed $((2 * 4096 + 64))
run stats --json bad.mseed
exits 2
says 'bad.mseed: the '
grep -q 'of the record at byte 8192 cannot be decoded (Steim2)' err || fail 'the byte is not said'
has 1 complete=false sample_min=1 sample_max=40000 sample_max_index=39999 end='"2026-01-31T12:06:39.99Z"'
has 2 complete=true num_samples=40000 sample_mean=60000.5
has 3 complete=false
lost=$((40000 - $(value 1 num_samples)))
[ "$lost" -gt 1000 ] || fail "only $lost samples are lost"

check 'a record that cannot be decoded: no sample is invented'
run dump bad.mseed
exits 2
tr -d '\n' <out | grep -q '^[0-9]*$' || fail 'something else than counts'
first=$(grep -n '^$' out | cut -d : -f 1)
head -n $((first - 1)) out >before
seq 1 $((first - 1)) | cmp -s - before || fail 'the samples before the record'
tail -n +$((first + 1)) out >behind
seq 40001 80000 | cmp -s - behind || fail 'the other channel'

check 'a file that is cut'
head -c 10000 good.mseed >cut.mseed
run stats --json cut.mseed
exits 2
says 'the record at byte 8192 is cut: the file ends at byte 10000; passed over'
has 1 complete=false sample_min=1

check 'version 3'
printf 'MS\003%0100d' 0 | tr 0 '\000' >three
run info three
refused 2 'three: this is miniSEED 3'

check 'options of raw samples'
run stats --channels 3 good.mseed
refused 1 'for raw samples'

finish
