#!/bin/sh
# Claim: the statistics of a file of 4 KiB take at most 1 ms more than a program that does nothing
# but is linked to the same libraries of others. Run by bench/run.
small=$FOLDER/small.f32
"$BENCH/fill" "$small" 4096 || exit 2
echo "start-up, whole processes"
worst=0
"$BENCH/pairs" --pairs "$((PAIRS * 20))" --names "stats of 4 KiB,an empty program" --within 1 \
    -- "$SEISVIEW" stats --json "$small" -- "$BENCH/empty" || worst=$?
"$BENCH/pairs" --pairs "$((PAIRS * 10))" --names "seisview --version,true" \
    -- "$SEISVIEW" --version -- true || worst=$?
exit "$worst"
