#!/bin/sh
# Claims: a window in the middle of 1 TiB answers at once, and its offsets are right; all of it takes
# seconds, as holes are not read. Run by bench/run.
sparse=$FOLDER/sparse.f32
middle=137438953472 # of 2^38 samples
echo "a sparse file of 1 TiB: a window of a million samples in its middle, and all of it"
if ! truncate -s 1T "$sparse" 2>/dev/null; then
    echo "  skipped: this file system holds no file of 1 TiB"
    exit 0
fi
# 1, -2 and 3 as float32.
printf '\000\000\200\077\000\000\000\300\000\000\100\100' |
    dd of="$sparse" bs=4 seek="$middle" conv=notrunc status=none || exit 2

# The same window by index and, at 1000 Hz, by seconds.
from=$((middle - 500000))
to=$((middle + 500000))
from_seconds=137438453.472s
to_seconds=137439453.472s

worst=0
# check_row SAMPLES FLAT AT [OPTIONS...]: how many, and the longest run of zeros.
check_row()
{
    samples=$1 flat=$2 at=$3
    shift 3
    row=$("$SEISVIEW" stats --json "$@" "$sparse") || exit 2
    for wanted in "\"num_samples\":$samples" "\"num_zero\":$((samples - 3))" \
        '"sample_min":-2' "\"sample_min_index\":$((middle + 1))" \
        '"sample_max":3' "\"sample_max_index\":$((middle + 2))" \
        "\"longest_flat\":$flat" "\"longest_flat_index\":$at"; do
        case $(printf %s "$row" | tr -d ' ') in
        *"$wanted"[,\}]*) ;;
        *)
            echo "  WRONG: $wanted is not in $row"
            worst=3
            ;;
        esac
    done
}
check_row 1000000 500000 "$from" --from "$from" --to "$to"
check_row 1000000 500000 "$from" --rate 1000 --from "$from_seconds" --to "$to_seconds"
check_row 274877906944 "$middle" 0
[ "$worst" -ne 0 ] || echo "  figures and offsets are right"

"$BENCH/pairs" --pairs "$PAIRS" --names "stats by index" \
    -- "$SEISVIEW" stats --json --from "$from" --to "$to" "$sparse" || exit 2
"$BENCH/pairs" --pairs "$PAIRS" --names "stats by seconds" \
    -- "$SEISVIEW" stats --json --rate 1000 --from "$from_seconds" --to "$to_seconds" "$sparse" ||
    exit 2
"$BENCH/pairs" --pairs "$(((PAIRS + 2) / 3))" --names "stats of all of it" \
    -- "$SEISVIEW" stats --json "$sparse" || exit 2
"$BENCH/pairs" --pairs "$PAIRS" --names "info" -- "$SEISVIEW" info --json "$sparse" || exit 2
exit "$worst"
