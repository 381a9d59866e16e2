#!/bin/sh
# For the record: what it costs to start the program, beside one that does nothing.
# Run by bench/run.
echo "start-up, whole processes"
"$BENCH/pairs" --pairs "$((PAIRS * 10))" --names "seisview --version,true" \
    -- "$SEISVIEW" --version -- true
