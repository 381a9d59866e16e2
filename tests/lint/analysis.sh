#!/bin/bash
# cppcheck finds nothing. It cannot read hexadecimal floats, and so takes conditions with them for
# contradictions.
set -eu

command -v cppcheck >/dev/null || { echo 'cppcheck is missing'; exit 77; }
cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability \
    --inline-suppr --error-exitcode=1 --template='{file}:{line}: {message} [{id}]' \
    -Iinclude -Isrc -D__GNUC__=12 -D__x86_64__=1 -DSV_HAVE_AVX2=1 -DSV_HAVE_AVX512=1 \
    --suppress=missingIncludeSystem --suppress=incorrectLogicOperator -j "$(nproc)" src data bench
