#!/bin/bash
# Includes go down the floors: a file includes its own room and lower ones, a public header only
# headers of its own room and lower ones, and cli/ public headers and its own alone.
set -eu

declare -A floor=(
    [base]=1 [view]=2 [kernel]=2 [journal]=2 [format]=3 [scan]=4 [stats]=5 [convert]=5 [array]=6 [edit]=6
    [index]=7 [cluster]=7 [report]=8 [plot]=8 [cli]=9
)
declare -A room_of_header=(
    [api.h]=base [status.h]=base [status.def]=base [time.h]=base [guard.h]=base
    [dtype.h]=view [dtype.def]=view [buffer.h]=view [view.h]=view
    [recording.h]=format [scan.h]=scan [summary.h]=stats [quantiles.h]=stats [trend.h]=stats [convert.h]=convert [array.h]=array [match.h]=array [correlation.h]=array [edit.h]=edit [operation.h]=edit
    [index.h]=index [cluster.h]=cluster [report.h]=report [plot.h]=plot
)
failed=0

complain()
{
    printf '%s\n' "$1"
    failed=1
}

# The room of a file of ours, by its path.
room_of_file()
{
    local path=$1 room
    case $path in
    include/seisview.h) room=cli ;;
    include/seisview/*) room=${room_of_header[${path#include/seisview/}]:-} ;;
    src/*) room=${path#src/} room=${room%%/*} ;;
    esac
    printf '%s' "$room"
}

# The room that an include names, by its text.
room_of_include()
{
    case $1 in
    seisview.h) printf public ;;
    seisview/*) printf '%s' "${room_of_header[${1#seisview/}]:-}" ;;
    */*) printf '%s' "${1%%/*}" ;;
    esac
}

check_include()
{
    local place=$1 room=$2 included=$3 target
    # The dtypes are a list of names, which both rooms of floor 2 share.
    [ "$room:$included" != kernel:seisview/dtype.h ] || return 0
    target=$(room_of_include "$included")
    if [ -z "$target" ] || { [ "$target" != public ] && [ -z "${floor[$target]:-}" ]; }; then
        complain "$place: \"$included\" is of no known room; write includes as \"room/file.h\""
    elif [ "$room" = cli ]; then
        case $included in
        seisview.h | seisview/* | cli/*) ;;
        *) complain "$place: cli/ includes \"$included\"; it may use public headers alone" ;;
        esac
    elif [ "$target" = public ]; then
        complain "$place: \"seisview.h\" is for users; include the header that is needed"
    elif [ "$target" != "$room" ] && [ "${floor[$target]}" -ge "${floor[$room]}" ]; then
        complain "$place: $room/ (floor ${floor[$room]}) includes \"$included\" (floor ${floor[$target]})"
    fi
}

while IFS= read -r file; do
    room=$(room_of_file "$file")
    if [ -z "$room" ] || [ -z "${floor[$room]:-}" ]; then
        complain "$file:1: no room of the house; add it to tests/lint/floors.sh"
        continue
    fi
    while IFS=: read -r line included; do
        check_include "$file:$line" "$room" "$included"
    done < <(awk -F '"' '/^[ \t]*#[ \t]*include[ \t]*"/ { print FNR ":" $2 }' "$file")
done < <(find include src -name '*.[ch]' -o -name '*.def' | sort)
exit "$failed"
