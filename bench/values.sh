#!/bin/sh
# Claim: samples that need more than one look (all equal, all zero, whole numbers with many equal
# neighbours, a NaN in every block) are read at half the rate of a plain sum or
# better. Run by bench/run.
worst=0
bytes=1073741824
echo "stats of 1 GiB of float32 in the page cache, whole processes, $THREADS threads"
for kind in constant zeros whole nan; do
    file=$FOLDER/$kind.f32
    "$BENCH/fill" "$file" "$bytes" "$kind" || exit 2
    "$BENCH/pairs" --pairs "$PAIRS" --bytes "$bytes" --goal 0.5 --names "$kind,sum --streams 4" \
        -- "$SEISVIEW" stats --threads "$THREADS" --json "$file" \
        -- "$BENCH/sum" --threads "$THREADS" --streams 4 "$file" || worst=$?
    rm "$file"
done
exit "$worst"
