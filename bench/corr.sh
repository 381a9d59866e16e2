#!/bin/sh
# Claims: see corr.c; and beside the matrix at most 64 MiB of memory, whatever the length and the
# number of channels. Run by bench/run.
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
"$BENCH/corr" "$BIG"
worst=$?
for channels in 256 2048; do
    for layout in interleaved planar; do
        matrix=$((channels * channels * 8 >> 20))
        samples=$((channels == 256 ? 4194304 : 32768))
        echo "corr of $channels $layout channels: memory, $matrix MiB for the matrix and 64"
        "$BENCH/memory" --limit $((matrix + 64)) -- "$SEISVIEW" corr --threads "$THREADS" \
            --channels "$channels" --layout "$layout" --to "$samples" -o "$FOLDER/matrix.npy" "$BIG"
        status=$?
        [ "$status" -le "$worst" ] || [ "$worst" -eq 2 ] || worst=$status
    done
done
exit "$worst"
