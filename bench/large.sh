#!/bin/sh
# Claim: a file of 1.3 times the memory is measured no slower per byte than one that is not in the
# page cache, with at most 64 MiB of memory and page tables. Run by bench/run when it is asked for
# (CLAIMS=large), as it fills the disk for a while.
memory_bytes=$(awk '/^MemTotal:/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)
pieces=$((memory_bytes * 13 / 10 / BIG_BYTES + 1))
large=$FOLDER/large.f32
echo "stats of a file of 1.3 × the memory, $((pieces * BIG_BYTES / 1073741824)) GiB"
room=$(df --output=avail -B1 "$FOLDER" | tail -n 1)
if [ "$room" -lt $(((pieces + 3) * BIG_BYTES)) ]; then
    echo "  skipped: there is no room for it on this disk"
    exit 0
fi
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
for _ in $(seq "$pieces"); do
    dd if="$BIG" bs=8M oflag=append,direct conv=notrunc status=none >>"$large" || exit 2
done
sync "$large"

# seconds COMMAND...
seconds()
{
    begin=$(date +%s%N)
    "$@" >"$FOLDER/row" || exit 2
    awk -v ns="$(($(date +%s%N) - begin))" 'BEGIN { print ns / 1e9 }'
}

# In turn, three rounds: the disk is not the same from one minute to the next.
for _ in 1 2 3; do
    dd of="$BIG" oflag=nocache conv=notrunc,fdatasync count=0 status=none
    cold=$(seconds "$SEISVIEW" stats --threads "$THREADS" --json "$BIG")
    echo "$cold $(seconds "$SEISVIEW" stats --threads "$THREADS" --json "$large")"
done >"$FOLDER/times"
worst=0
awk -v bytes="$BIG_BYTES" -v pieces="$pieces" '{
    share[NR] = $1 * pieces / $2
    cold += bytes / $1 / 1e9 / 3
    rate += bytes * pieces / $2 / 1e9 / 3
} END {
    least = share[1]
    most = share[1]
    for (i = 2; i <= NR; i++) {
        least = share[i] < least ? share[i] : least
        most = share[i] > most ? share[i] : most
    }
    median = share[1] + share[2] + share[3] - least - most
    printf "  larger than memory %.2f GB/s, cold %.2f GB/s: share %.2f (%.2f–%.2f)", rate, cold,
        median, least, most
    reached = (median >= 1)
    printf "  goal ≥ 1: %s\n", reached ? "reached" : "MISSED"
    exit reached ? 0 : 3
}' "$FOLDER/times" || worst=$?
"$SEISVIEW" stats --threads "$THREADS" --explain "$large" 2>&1 >/dev/null | sed -n 's/^seisview: [^:]*: /  /p'
"$BENCH/memory" --limit 64 -- "$SEISVIEW" stats --threads "$THREADS" --json "$large" || worst=$?
rm -f "$large"
exit "$worst"
