#!/bin/sh
# Claims: samples that are not native float32 are read at the same rate, in samples a second: int16,
# int32 and three interleaved channels at 0.9 of it, big-endian float32 at 0.75. Run by bench/run.
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
worst=0

# beside GOAL NAME FILE [OPTIONS...]: statistics of the file beside those of native float32, of which
# there are as many samples.
beside()
{
    goal=$1 name=$2 file=$3
    shift 3
    "$BENCH/pairs" --pairs "$PAIRS" --goal "$goal" --names "$name,native float32" \
        -- "$SEISVIEW" stats --threads "$THREADS" --json "$@" "$file" \
        -- "$SEISVIEW" stats --threads "$THREADS" --json "$BIG" || worst=$?
}

echo "statistics of $((BIG_BYTES / 4)) samples in the page cache, whole processes, $THREADS threads"
for encoding in i2 i4; do
    "$SEISVIEW" convert --encoding $encoding "$BIG" "$FOLDER/$encoding.bin" 2>/dev/null || exit 2
    beside 0.9 "int${encoding#i} bytes" "$FOLDER/$encoding.bin"
    rm "$FOLDER/$encoding".*
done
beside 0.9 '3 interleaved channels' "$BIG" --channels 3
"$BENCH/fill" "$FOLDER/swapped.f32" "$BIG_BYTES" swapped || exit 2
beside 0.75 'big-endian float32' "$FOLDER/swapped.f32" --dtype '>f4'
rm "$FOLDER/swapped.f32"
exit "$worst"
