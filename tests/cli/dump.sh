# seisview dump: samples as text, hexadecimal and bytes.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

check 'one channel: a sample a line'
samples '<f4' 0.1 -2 3.5e10 nan inf -inf -0 1e-45 >one.bin
run dump one.bin
exits 0
says_nothing
prints "$(printf '%s\n' 0.1 -2 35000000512 nan inf -inf 0 1e-45)"

check 'several channels: a frame a line, tabs between'
samples '<f4' 1 2 3 4 5 6 >two.bin
run dump --channels 2 two.bin
prints "$(printf '1\t2\n3\t4\n5\t6')"

check 'planar channels are dumped frame by frame too'
run dump --channels 2 --layout planar two.bin
prints "$(printf '1\t4\n2\t5\n3\t6')"

check 'a window of a channel'
run dump --channels 2 --channel 1 --from 1 --to 2 two.bin
prints 4

check 'hexadecimal: the bytes in the order of the file'
samples '>i2' 258 -1 >hex.bin
run dump --hex --dtype '>i2' --channels 2 hex.bin
prints "$(printf '0102\tffff')"
run dump --hex --dtype u1 hex.bin
prints "$(printf '01\n02\nff\nff')"

check 'bytes: float32 of this machine'
"$MAKE_SAMPLES" =f4 <<<'258 -1' >expected
run dump --raw --dtype '>i2' hex.bin
exits 0
cmp -s expected out || fail 'other bytes'

check 'bytes of a float32 recording are its own'
run dump --raw "$DATA/quake.bin"
cmp -s "$DATA/quake.bin" out || fail 'other bytes'

check 'text reads back'
run dump --format raw "$DATA/quake.bin"
"$MAKE_SAMPLES" '<f4' <out | cmp -s - "$DATA/quake.bin" || fail 'other samples'

for type in f4 f8 i1 u1 i2 u2 i3 u3 i4 u4 i8 u8 ibm4; do
    for order in '<' '>'; do
        check "text of $order$type reads back, by any number of threads"
        head -c 4800 "$DATA/quake.bin" >bytes.bin
        [ "$type" != ibm4 ] || samples "${order}ibm4" 0.1 -118.625 1e70 5e-79 >bytes.bin
        for threads in 1 2 7; do
            run dump --dtype "$order$type" --threads $threads bytes.bin
            exits 0
            "$MAKE_SAMPLES" "$order$type" <out >again
            # A NaN has many bit patterns, and 0 two signs; text tells of neither.
            run dump --dtype "$order$type" again
            mv out again.txt
            run dump --dtype "$order$type" bytes.bin
            cmp -s again.txt out || fail "$threads threads: other samples"
        done
    done
done

check 'a blank line between segments, and between files'
run dump two.bin two.bin --to 2
prints "$(printf '1\n2\n\n1\n2')"
cat >two.sigmf-meta <<'META'
{"global": {"core:version": "1.2.0", "core:datatype": "rf32_le", "core:sample_rate": 1,
            "core:dataset": "two.bin"},
 "captures": [{"core:sample_start": 0, "core:datetime": "2026-01-01T00:00:00Z"},
              {"core:sample_start": 4, "core:datetime": "2026-01-01T00:01:00Z"}],
 "annotations": []}
META
run dump two.bin
prints "$(printf '1\n2\n3\n4\n\n5\n6')"
run dump --hex two.bin --from 60s
prints "$(printf '0000a040\n0000c040')"
rm two.sigmf-meta

check 'standard input'
run dump - <two.bin
prints "$(printf '1\n2\n3\n4\n5\n6')"
run dump --channels 3 - < <(cat two.bin)
prints "$(printf '1\t2\t3\n4\t5\t6')"

check 'more channels than are in work at once'
seq 0 9999 | "$MAKE_SAMPLES" '<i2' >wide.bin
run dump --dtype '<i2' --channels 5000 wide.bin
exits 0
cmp -s <(seq -s "$(printf '\t')" 0 4999 && seq -s "$(printf '\t')" 5000 9999) out || fail 'other frames'
run dump --dtype '<i2' --channels 5000 --layout planar --raw wide.bin
for frame in 0 1; do seq $frame 2 9999; done | "$MAKE_SAMPLES" =f4 | cmp -s - out ||
    fail 'other bytes'

check 'more samples than a chunk'
seq 1 700000 | "$MAKE_SAMPLES" '<i4' >long.bin
run dump --dtype '<i4' long.bin
seq 1 700000 | cmp -s - out || fail 'other samples'
run dump --dtype '<i4' --channels 7 --layout planar --channel 1,6 --from 99990 long.bin
prints "$(for i in $(seq 1 10); do printf '%d\t%d\n' $((199990 + i)) $((699990 + i)); done)"

check 'several files, one of which is missing'
run dump two.bin nowhere.bin two.bin --channels 6
exits 2
says 'nowhere.bin: it cannot be opened'
prints "$(printf '1\t2\t3\t4\t5\t6\n\n1\t2\t3\t4\t5\t6')"

finish
