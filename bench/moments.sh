#!/bin/sh
# Claim: with skewness and kurtosis too, statistics of a file in the page cache run at 0.8 of their
# rate without. What looking for clipped samples costs is shown beside it. Run by bench/run.
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
worst=0

# beside OPTION [OPTIONS OF pairs...]
beside()
{
    option=$1
    shift
    "$BENCH/pairs" --pairs "$PAIRS" --bytes "$BIG_BYTES" --names "stats $option,stats" "$@" \
        -- "$SEISVIEW" stats --threads "$THREADS" --json "$option" "$BIG" \
        -- "$SEISVIEW" stats --threads "$THREADS" --json "$BIG" || worst=$?
}

echo "stats of $((BIG_BYTES >> 30)) GiB of float32 in the page cache, whole processes, $THREADS threads"
beside --moments --goal 0.8
beside --clipping
exit "$worst"
