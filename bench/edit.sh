#!/bin/sh
# Claims of edits: staging and storing alone are 0.6 of the same arithmetic straight through a shared
# writable map (beside it, with no goal, all that is computed for the journal as well); a whole edit,
# in either mode, is 0.7 of the rate at which the disk takes the same bytes with the same syncs;
# memory is bounded; and a window in a sparse file of 1 TiB takes less than 50 ms, durably, after a
# thousand edits as before. Run by bench/run.
file=$FOLDER/edited.f32
worst=0
"$BENCH/fill" "$file" 2147483648 || exit 2
echo "gain of 2 GiB of cached float32"
for what in staging dry keep none; do
    SEISVIEW_BENCH_PAIRS=$PAIRS "$BENCH/edit" "$what" "$file" || worst=$?
done
for mode in keep none; do
    "$BENCH/memory" --limit 64 -- "$BENCH/edit" whole "$mode" "$file" || worst=$?
    rm -f "$file.svj"
done
rm -f "$file"
echo "1,000 samples in the middle of a sparse file of 1 TiB"
sparse=$FOLDER/sparse_edit.f32
if truncate -s 1T "$sparse" 2>/dev/null; then
    "$BENCH/edit" window "$sparse" || worst=$?
    rm -f "$sparse"
else
    echo "  skipped: this file system holds no file of 1 TiB"
fi
exit "$worst"
