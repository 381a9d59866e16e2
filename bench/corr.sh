#!/bin/sh
# Claims: see corr.c. Run by bench/run.
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
"$BENCH/corr" "$BIG"
