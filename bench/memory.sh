#!/bin/sh
# Claim: at most 64 MiB of anonymous memory, whatever the file's size. Run by bench/run.
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
echo "stats of $((BIG_BYTES >> 30)) GiB of float32: memory"
"$BENCH/memory" --limit 64 -- "$SEISVIEW" stats --threads "$THREADS" --json "$BIG"
