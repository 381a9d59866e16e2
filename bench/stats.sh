#!/bin/sh
# Claim: all statistics of a file in the page cache run at 0.90 of the speed of a process that only
# sums it with the same threads, through one stream or through four, with all processors and with
# one. Run by bench/run.
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
worst=0
for threads in "$THREADS" 1; do
    echo "stats of $((BIG_BYTES >> 30)) GiB of float32 in the page cache, whole processes, threads: $threads"
    for streams in 1 4; do
        "$BENCH/pairs" --pairs "$PAIRS" --bytes "$BIG_BYTES" --goal 0.9 \
            --names "seisview stats,sum --streams $streams" \
            -- "$SEISVIEW" stats --threads "$threads" --json "$BIG" \
            -- "$BENCH/sum" --threads "$threads" --streams "$streams" "$BIG" || worst=$?
    done
    echo "  the ceiling: the same threads summing the file already mapped"
    for streams in 1 4; do
        printf '  %-28s ' "sum --streams $streams"
        "$BENCH/sum" --ceiling --threads "$threads" --streams "$streams" "$BIG" || worst=2
    done
    [ "$THREADS" -gt 1 ] || break
done
exit "$worst"
