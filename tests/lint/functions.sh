#!/bin/bash
# A function fits on a screen: 70 lines between its braces at most.
set -eu

find src bench data tests -name '*.c' | sort | xargs -d '\n' awk '
    FNR == 1 { start = 0 }
    /^{/ { start = FNR }
    /^}/ && start {
        if (FNR - start - 1 > 70) {
            printf "%s:%d: a function of %d lines; 70 at most\n", FILENAME, start, FNR - start - 1
            failed = 1
        }
        start = 0
    }
    END { exit failed }'
