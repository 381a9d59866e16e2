#!/bin/sh
# Claim: exact quantiles are found in passes of which each runs at 0.25 of the machine's ceiling.
# Run by bench/run.
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
worst=0

# passes WHAT [OPTIONS...] FILE
passes()
{
    echo "$1: median and quartiles, $THREADS threads"
    shift
    "$BENCH/quantiles" --passes "$PAIRS" "$@" || worst=$?
}

passes '2 GiB of float32 in the page cache' --goal 0.25 "$BIG"
# Values that keep returning, in a few of many bins, and all of them in two.
counts=$FOLDER/counts
head -c 268435456 "$BIG" >"$counts.f32" || exit 2
"$SEISVIEW" convert --encoding i4 "$counts.f32" "$counts.bin" 2>/dev/null || exit 2
mv "$counts.bin" "$counts.i4"
passes '256 MiB of the same as counts of int32' --dtype '<i4' "$counts.i4"
printf '\377\377\377\177\000\000\000\200' >>"$counts.i4"
passes 'the same with a spike of full range' --dtype '<i4' "$counts.i4"
rm "$counts".*
exit "$worst"
