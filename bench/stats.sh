#!/bin/sh
# Claim: all statistics of a 2 GiB file in the page cache take at most 2.5 times as long as a process
# that only sums it with the same threads (a goal of 0.4 of its speed). Run by bench/run.
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
echo "stats of 2 GiB of float32 in the page cache, whole processes, $THREADS threads"
worst=0
for streams in 1 4; do
    "$BENCH/pairs" --pairs "$PAIRS" --bytes "$BIG_BYTES" --goal 0.4 \
        --names "seisview stats,sum --streams $streams" \
        -- "$SEISVIEW" stats --threads "$THREADS" --json "$BIG" \
        -- "$BENCH/sum" --threads "$THREADS" --streams "$streams" "$BIG" || worst=$?
done
echo "  the ceiling: the same threads summing the file already mapped"
for streams in 1 4; do
    printf '  %-28s ' "sum --streams $streams"
    "$BENCH/sum" --ceiling --threads "$THREADS" --streams "$streams" "$BIG" || worst=2
done
exit "$worst"
