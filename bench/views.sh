#!/bin/sh
# For the record: views against copies, on three interleaved channels. Run by bench/run.
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
echo "views and copies of the first GiB, three interleaved channels, one thread"
cd "$FOLDER" && "$SEISVIEW" bench --channels 3 "$(basename "$BIG")"
