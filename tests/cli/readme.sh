# README.md tells the truth: its output is the program's, its program is one that runs.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

# The block of lines after a line that begins with the marker, without its fences.
block()
{
    awk -v marker="$1" 'index($0, marker) == 1 { if (inside) exit; inside = 1; next }
        inside && /^```/ { exit }
        inside' "$top_srcdir/README.md"
}

check 'the output of stats'
mkdir data
cp "$DATA"/quake.* data
run stats data/quake.bin
exits 0
block '```text' >shown
[ -s shown ] || fail 'README.md shows no output'
cmp -s out shown || fail 'README.md shows another output'

check 'edits, undone and done again'
cp data/quake.* .
block '```shell-session' >session
grep -q '^\$ seisview edit' session || fail 'README.md shows no edit'
while IFS= read -r line; do
    [[ $line == '$ seisview '* ]] || continue
    echo "$line"
    read -r -a words <<<"${line#'$ seisview '}"
    "$SEISVIEW" "${words[@]}" 2>&1
done <session | sed 's/; .* are free/; N are free/' >out
sed 's/; .* are free/; N are free/' session | cmp -s - out || fail 'README.md shows another session'

check 'the example in C'
block '```c' >rms.c
cmp -s rms.c "$top_srcdir/tests/examples/rms.c" || fail 'README.md shows another program'
"${top_builddir:?}/tests/examples/rms" data/quake.bin >out 2>err || fail 'it does not run'
prints 363.026

finish
