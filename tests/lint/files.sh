#!/bin/bash
# Every source file is named in Makefile.am and every named one exists; none is larger than 1 MB;
# none names a path of the machine it was written on.
set -eu

failed=0
complain()
{
    printf '%s\n' "$1"
    failed=1
}

tracked()
{
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard
    else
        find . -type f -not -path './.git/*' | sed 's|^\./||'
    fi
}

named=$(sed '/^#/d; s/[\\ \t]/\n/g' Makefile.am | sort -u)
while IFS= read -r file; do
    # Tests and benchmarks are named as programs, without their suffix.
    grep -qxF -e "$file" -e "${file%.c}" <<<"$named" ||
        complain "$file:1: Makefile.am does not name it"
done < <(tracked | grep -E '^(include|src|tests|bench|doc|data|completions)/')

while IFS= read -r file; do
    [ -e "$file" ] || [ -e "$file.c" ] || complain "Makefile.am:1: names $file, which is not there"
done < <(grep -E '^(include|src|tests|bench|doc|data|completions)/' <<<"$named")

somebodys_path='/(home|root|work)/[a-z]'
while IFS= read -r file; do
    [ -f "$file" ] || continue
    [ "$(wc -c <"$file")" -le 1048576 ] || complain "$file:1: larger than 1 MB"
    grep -HnIE "$somebodys_path" -- "$file" && failed=1
done < <(tracked)
exit "$failed"
