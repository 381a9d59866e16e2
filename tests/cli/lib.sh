# What the tests of commands share; a test script begins with
#   . "${top_srcdir:?}/tests/cli/lib.sh"
# and ends with `finish`. It runs in a directory of its own, which goes away with it.
#
#   check 'a missing file'               names the test
#   run stats nowhere.bin                runs seisview; $status, and the files out and err
#   exits 2                              what has to hold of them
#   says 'nowhere.bin: it cannot be opened'
#
# shellcheck shell=bash

: "${SEISVIEW:?the program}" "${DATA:?the committed recordings}" "${MAKE_SAMPLES:?tests/cli/make_samples}"
golden=${top_srcdir:?}/tests/cli/golden
work=$(mktemp -d) || exit 1
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
unset NO_COLOR COLUMNS SEISVIEW_KERNEL
export LC_ALL=C

failures=0
name='(no test has begun)'

check()
{
    name=$1
}

fail()
{
    printf 'FAIL: %s: %s\n' "$name" "$*" >&2
    head -c 2000 out | cut -c 1-100 | head -n 20 | cat -v | sed 's/^/    out: /' >&2
    head -c 2000 err | cat -v | sed 's/^/    err: /' >&2
    failures=$((failures + 1))
}

run()
{
    "$SEISVIEW" "$@" >out 2>err
    status=$?
}

exits()
{
    [ "$status" -eq "$1" ] || fail "exit $status instead of $1"
}

# Standard output is exactly this text.
prints()
{
    printf '%s\n' "$1" | cmp -s - out || fail "the output is not '$1'"
}

prints_nothing()
{
    [ ! -s out ] || fail 'there is output'
}

# Standard error is one line for each argument, in order, which it contains.
says()
{
    local line lines=()
    mapfile -t lines <err
    [ "${#lines[@]}" -eq $# ] || fail "${#lines[@]} lines instead of $# on standard error"
    for line in "${lines[@]}"; do
        [[ $line == 'seisview: '*"$1"* ]] || fail "standard error does not say '$1'"
        shift
    done
}

says_nothing()
{
    [ ! -s err ] || fail 'there is something on standard error'
}

# An error as all have to be: so many lines with these texts, the status, nothing on the output.
refused()
{
    exits "$1"
    shift
    prints_nothing
    says "$@"
}

# Standard output is that of a file in golden/. UPDATE_GOLDEN=1 writes it.
matches()
{
    [ -z "${UPDATE_GOLDEN:-}" ] || cp out "$golden/$1"
    diff -u "$golden/$1" out >&2 || fail "the output is not golden/$1"
}

# The value of a key in line N of JSON Lines, as it is written.
value()
{
    sed -n "$1p" out | sed -n "s/.*[{,]\"$2\":\(\"[^\"]*\"\|\[[^]]*\]\|[^,}]*\).*/\1/p"
}

# has N KEY=VALUE...: line N of JSON Lines says so.
has()
{
    local line=$1 pair found
    shift
    for pair in "$@"; do
        found=$(value "$line" "${pair%%=*}")
        [ "$found" = "${pair#*=}" ] || fail "line $line: ${pair%%=*} is $found instead of ${pair#*=}"
    done
}

# samples DTYPE NUMBER...: their bytes on standard output.
samples()
{
    local dtype=$1
    shift
    printf '%s\n' "$@" | "$MAKE_SAMPLES" "$dtype"
}

# leave_out REASON: of the check that runs; the others count.
leave_out()
{
    echo "SKIP: $name: $*" >&2
}

skip()
{
    echo "SKIP: $*" >&2
    exit 77
}

finish()
{
    [ "$failures" -eq 0 ]
    exit
}

# Whoever started the test may ignore a signal, as nohup does: then it stays ignored.
is_ignored()
{
    local ignored
    ignored=$(awk '/^SigIgn:/ { print $2 }' "/proc/$$/status")
    [ $((0x$ignored >> ($(kill -l "$1") - 1) & 1)) -eq 1 ]
}
