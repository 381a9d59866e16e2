#!/bin/sh
# Claim: a file that was written in pieces of 64 KiB, which the page cache holds in as small ones, is
# measured at 0.85 of the speed of the best plain sum, by whatever way that reads it. Run by bench/run.
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
pieces=$FOLDER/pieces.f32
dd if="$BIG" of="$pieces" bs=64k conv=fsync status=none || exit 2
echo "stats of $((BIG_BYTES >> 30)) GiB of float32, written in pieces of 64 KiB, whole processes, $THREADS threads"
worst=0
for way in 'populate 1' 'populate 4' 'faults 1' 'faults 4' 'read 1' 'read 4'; do
    map=${way% *} streams=${way#* }
    "$BENCH/pairs" --pairs "$PAIRS" --bytes "$BIG_BYTES" --goal 0.85 \
        --names "seisview stats,sum --map $map --streams $streams" \
        -- "$SEISVIEW" stats --threads "$THREADS" --json "$pieces" \
        -- "$BENCH/sum" --threads "$THREADS" --map "$map" --streams "$streams" "$pieces" ||
        worst=$?
done
for io in map read; do
    "$BENCH/pairs" --pairs "$PAIRS" --bytes "$BIG_BYTES" --goal 0.95 \
        --names "stats --io=auto,stats --io=$io" \
        -- "$SEISVIEW" stats --threads "$THREADS" --json "$pieces" \
        -- "$SEISVIEW" stats --threads "$THREADS" --io="$io" --json "$pieces" || worst=$?
done
rm -f "$pieces"
exit "$worst"
