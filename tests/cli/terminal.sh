# On a terminal: colour, width, the progress bar.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

script -qec true /dev/null </dev/null >/dev/null 2>&1 ||
    skip 'script, which makes a terminal, is missing'

cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" .
export TERM=xterm SHELL=/bin/sh

# on_terminal COLUMNS ARGUMENT...: both outputs in `out`.
on_terminal()
{
    local columns=$1
    shift
    script -qec "stty cols $columns; exec '$SEISVIEW' $*" /dev/null </dev/null >seen 2>err
    status=$?
    tr -d '\r' <seen >out
}

check 'colour on a terminal'
on_terminal 100 stats quake.bin
exits 0
grep -q "$(printf '\033\\[1m')" out || fail 'nothing is bold'
sed 's/\x1b\[[0-9]*m//g' out | cmp -s - "$golden/stats.txt" || fail 'colour changes the text'

check 'no colour in a pipe'
run stats quake.bin
grep -q "$(printf '\033')" out && fail 'there is'

check 'NO_COLOR'
NO_COLOR=1 on_terminal 100 stats quake.bin
grep -q "$(printf '\033')" out && fail 'there is colour'
NO_COLOR='' on_terminal 100 stats quake.bin
grep -q "$(printf '\033')" out || fail 'an empty NO_COLOR counts'

check 'a terminal that is dumb'
TERM=dumb on_terminal 100 stats quake.bin
grep -q "$(printf '\033')" out && fail 'there is colour'

check 'no colour in JSON'
on_terminal 100 stats --json quake.bin
grep -q "$(printf '\033')" out && fail 'there is'

check 'NaN is a warning'
samples '<f4' 1 nan >nan.bin
on_terminal 100 stats nan.bin
grep -q "$(printf '\033\\[33m1')" out || fail 'it is not yellow'

for columns in 40 60 80 100 200; do
    check "lines fit $columns columns"
    NO_COLOR=1 on_terminal $columns stats --format raw --channels 12 quake.bin
    exits 0
    awk -v columns=$columns 'length > columns { exit 1 }' out || fail 'they do not'
    grep -q 'columns\? left out; --json has all' out || fail 'nothing is said of the rest'
done

check 'cards where they fit, lines where they do not'
NO_COLOR=1 on_terminal 60 stats quake.bin
grep -q '^sample_rms ' out || fail 'no cards at 60'
NO_COLOR=1 on_terminal 50 stats quake.bin
grep -q '^channel  num_samples' out || fail 'no lines at 50'

check 'work that is done at once has no progress bar'
on_terminal 100 stats --json quake.bin
grep -q '%' out && fail 'there is'

check 'the progress bar, on its line of the terminal'
on_terminal 70 stats --json --progress=always quake.bin
grep -q '\[-*\].* left' out || fail 'there is none'
sed 's/\x1b\[K/\n/g' out | awk 'length > 70 && !/^{/ { exit 1 }' || fail 'it is too long'
run stats --json quake.bin
sed 's/.*\x1b\[K//' seen | tr -d '\r' | cmp -s - out || fail 'it is in the way'

check 'a narrow terminal has figures without a bar, and one that is too narrow has nothing'
on_terminal 40 stats --json --progress=always quake.bin
sed 's/\x1b\[K/\n/g' out | grep -q '^ *[0-9]* %  .* left' || fail 'there are none'
sed 's/\x1b\[K/\n/g' out | awk 'length > 40 && !/^{/ { exit 1 }' || fail 'they are too long'
on_terminal 20 stats --json --progress=always quake.bin
grep -q '%' out && fail 'there are'

check 'never a progress bar'
on_terminal 70 stats --json --progress=never quake.bin
grep -q '%' out && fail 'there is'

finish
