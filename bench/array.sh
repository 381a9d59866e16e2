#!/bin/sh
# Claims: see array.c. Run by bench/run.
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
"$BENCH/array" "$BIG"
