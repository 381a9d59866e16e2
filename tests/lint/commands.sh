#!/bin/bash
# The table of commands, the man pages and the tests name the same commands, and the pages the
# options that the commands take. SEISVIEW is the program that was built.
set -eu

table=src/cli/commands.def
failed=0
complain()
{
    printf '%s\n' "$1"
    failed=1
}

# The long options that a man page explains: those that begin a tagged paragraph.
options_of_page()
{
    sed 's/\\-/-/g; s/\\f[A-Z]//g' "$1" | awk '
        tagged { print }
        { tagged = /^\.T[PQ]/ }' | grep -oE -e '--[a-z][a-z-]*' | sort -u
}

options_of_help()
{
    "$SEISVIEW" help "$1" | grep -oE '^ +(-[a-zA-Z], )?--[a-z][a-z-]*' | grep -oE -e '--.*' | sort -u
}

check_command()
{
    local name=$1 page=doc/seisview-$1.1
    [ "$name" != help ] || page=doc/seisview.1
    grep -qw -- "$name" doc/seisview.1 || complain "$table:1: doc/seisview.1 does not name $name"
    compgen -G "tests/cli/*$name*.sh" >/dev/null || complain "$table:1: no tests/cli/*$name*.sh"
    [ -f "$page" ] || { complain "$table:1: $name has no man page $page"; return; }
    [ "$name" != help ] || return 0
    check_options "$name" "$page"
}

check_options()
{
    local name=$1 page=$2 option
    [ -x "${SEISVIEW:-}" ] || return 0
    while read -r option; do
        complain "$page:1: does not explain $option, which seisview help $name does"
    done < <(comm -13 <(options_of_page "$page") <(options_of_help "$name"))
    while read -r option; do
        complain "$page:1: explains $option, which seisview help $name does not"
    done < <(comm -23 <(options_of_page "$page") <(options_of_help "$name"))
}

commands=$(sed -n 's/^SV_COMMAND(\([a-z]*\),.*/\1/p' "$table")
for name in $commands; do
    check_command "$name"
done
for page in doc/seisview-*.1; do
    name=$(basename "$page" .1)
    grep -qx "${name#seisview-}" <<<"$commands" || complain "$page:1: there is no such command"
done
exit "$failed"
