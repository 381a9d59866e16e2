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
    dd if="$BIG" bs=8M oflag=append conv=notrunc status=none >>"$large" || exit 2
done
sync "$large"

# seconds COMMAND...
seconds()
{
    begin=$(date +%s%N)
    "$@" >"$FOLDER/row" || exit 2
    awk -v ns="$(($(date +%s%N) - begin))" 'BEGIN { print ns / 1e9 }'
}

# The median of what it takes cold.
for _ in 1 2 3 4 5; do
    dd of="$BIG" oflag=nocache conv=notrunc,fdatasync count=0 status=none
    seconds "$SEISVIEW" stats --threads "$THREADS" --json "$BIG"
done | sort -n >"$FOLDER/cold"
cold=$(sed -n 3p "$FOLDER/cold")
time=$(seconds "$SEISVIEW" stats --threads "$THREADS" --json "$large")
worst=0
awk -v cold="$cold" -v time="$time" -v bytes="$BIG_BYTES" -v pieces="$pieces" 'BEGIN {
    share = cold * pieces / time
    reached = (share >= 1)
    printf "  larger than memory %.2f GB/s, cold %.2f GB/s: share %.2f", bytes * pieces / time / 1e9,
        bytes / cold / 1e9, share
    printf "  goal ≥ 1: %s\n", reached ? "reached" : "MISSED"
    exit reached ? 0 : 3
}' || worst=$?
"$SEISVIEW" stats --threads "$THREADS" --explain "$large" 2>&1 >/dev/null | sed -n 's/^seisview: [^:]*: /  /p'
"$BENCH/memory" --limit 64 -- "$SEISVIEW" stats --threads "$THREADS" --json "$large" || worst=$?
rm -f "$large"
exit "$worst"
