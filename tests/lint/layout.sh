#!/bin/bash
# clang-format has nothing to change.
set -eu

command -v clang-format >/dev/null || { echo 'clang-format is missing'; exit 77; }
find include src bench data tests -name '*.[ch]' -print0 |
    xargs -0 clang-format --dry-run --Werror
