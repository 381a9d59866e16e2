#!/bin/bash
# The scripts: nothing found by shellcheck.
set -eu

command -v shellcheck >/dev/null || { echo 'shellcheck is missing'; exit 77; }
# A test may source a file that shellcheck is not shown, and "=f4" is the name of a dtype.
shellcheck -s bash -e SC1090,SC1091,SC2283 .ci/run tests/lint/run tests/lint/*.sh tests/cli/*.sh
shellcheck -s sh bootstrap
