#!/bin/bash
# Every public header compiles alone, as strict C11 and as C++17, with every compiler there is.
set -eu

failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

compile()
{
    local header=$1
    shift
    "$@" -Iinclude -Wall -Wextra -Wpedantic -Werror -pedantic-errors -fsyntax-only ||
        { printf '%s:1: does not compile alone with %s\n' "$header" "$*"; failed=1; }
}

while IFS= read -r header; do
    printf '#include "%s"\ntypedef int not_empty;\n' "${header#include/}" >"$scratch/alone.c"
    cp "$scratch/alone.c" "$scratch/alone.cc"
    for compiler in gcc clang; do
        command -v "$compiler" >/dev/null || continue
        compile "$header" "$compiler" -std=c11 "$scratch/alone.c"
    done
    for compiler in g++ clang++; do
        command -v "$compiler" >/dev/null || continue
        compile "$header" "$compiler" -std=c++17 "$scratch/alone.cc"
    done
done < <(find include -name '*.h' | sort)
exit "$failed"
