#!/bin/bash
# The committed recordings are what their generators make, to the last byte.
: "${DATA:?the folder of the committed recordings}"
: "${MAKE_QUAKE:?the program data/make_quake}"
: "${MAKE_HOSTILE:?the program data/make_hostile}"

made=$(mktemp -d) || exit 1
trap 'rm -rf "$made"' EXIT
failures=0

fail()
{
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

# Runs a command that has to end with the given status.
ends_with()
{
    wanted=$1
    shift
    "$@" >/dev/null 2>&1
    found=$?
    [ "$found" -eq "$wanted" ] || fail "$*: exit $found instead of $wanted"
}

mkdir "$made/hostile"
ends_with 0 "$MAKE_QUAKE" "$made/quake.bin"
ends_with 0 "$MAKE_HOSTILE" "$made/hostile"
for file in quake.bin quake.sigmf-meta; do
    cmp "$made/$file" "$DATA/$file" || fail "$file is not what make_quake makes"
done
diff -r "$made/hostile" "$DATA/hostile" || fail "hostile/ is not what make_hostile makes"

size=$(wc -c <"$DATA/quake.bin")
[ "$size" -eq 144000 ] || fail "quake.bin has $size bytes instead of 144000"

# Another seed is another recording; other options keep what they promise.
ends_with 0 "$MAKE_QUAKE" --seed 2 "$made/other.bin"
cmp -s "$made/other.bin" "$DATA/quake.bin" && fail "--seed changes nothing"
grep -q '"core:dataset": "other.bin"' "$made/other.sigmf-meta" || fail "the side file's dataset"
ends_with 0 "$MAKE_QUAKE" --seconds 10.5 --rate 40 --channels 7 --snr 0 "$made/short.f32"
size=$(wc -c <"$made/short.f32")
[ "$size" -eq $((420 * 7 * 4)) ] || fail "--seconds --rate --channels: $size bytes"
[ -f "$made/short.sigmf-meta" ] || fail "the side file's name"

# The same quake at two times: annotated in order, whatever the order of the options.
ends_with 0 "$MAKE_QUAKE" --seconds 60 --at 20 --at 5 "$made/two.bin"
arrivals=$(sed -n 's/.*"core:sample_start": \([0-9]*\).*/\1/p' "$made/two.sigmf-meta" | tr '\n' ' ')
[ "$arrivals" = "0 1809 2767 3309 4267 " ] || fail "arrivals at $arrivals"

for option in --seconds=x --rate=0 --channels=0 --channels=1.5 --seed=-1 --snr=nan --at=-1 --what; do
    ends_with 1 "$MAKE_QUAKE" "$option" "$made/never.bin"
done
ends_with 1 "$MAKE_QUAKE"
ends_with 1 "$MAKE_HOSTILE"
ends_with 2 "$MAKE_QUAKE" "$made/nowhere/quake.bin"
ends_with 2 "$MAKE_HOSTILE" "$made/nowhere"
[ -e "$made/never.bin" ] && fail "a wrong option left a file"

[ "$failures" -eq 0 ]
