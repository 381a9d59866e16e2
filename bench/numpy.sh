#!/bin/sh
# Claim: all figures of 2 GiB in the page cache, 20 times as fast as what is usually written with
# NumPy, and 8 times as fast as the best that is written with care. PYTHON names a Python that has
# NumPy. Run by bench/run.
here=$(cd "$(dirname "$0")" && pwd)
for python in "${PYTHON:-python3}" /usr/bin/python3; do
    "$python" -c 'import numpy' 2>/dev/null && break
done
if ! version=$("$python" -c 'import numpy; print(numpy.__version__)' 2>/dev/null); then
    echo "NumPy: skipped, as there is none; let PYTHON name a Python that has it"
    exit 0
fi
# np.abs() takes as much memory as the file has bytes.
free=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
if [ "${free:-0}" -lt $((BIG_BYTES / 512)) ]; then
    echo "NumPy: skipped, as less than 4 GiB of memory are free"
    exit 0
fi

[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
echo "stats of $((BIG_BYTES >> 30)) GiB of float32 beside NumPy $version, whole processes, $THREADS threads"
worst=0
# What nothing that reads every sample can beat here, whatever the goals say.
"$BENCH/pairs" --pairs "$PAIRS" --bytes "$BIG_BYTES" --names 'the plain sum,NumPy as usual' \
    -- "$BENCH/sum" --threads "$THREADS" --streams 4 "$BIG" \
    -- "$python" "$here/by_numpy.py" usual "$BIG" || worst=$?
chunk=$("$python" "$here/by_numpy.py" best "$BIG") || exit 2
"$BENCH/pairs" --pairs "$PAIRS" --bytes "$BIG_BYTES" --goal 20 \
    --names 'seisview stats,NumPy as usual' \
    -- "$SEISVIEW" stats --threads "$THREADS" --json "$BIG" \
    -- "$python" "$here/by_numpy.py" usual "$BIG" || worst=$?
"$BENCH/pairs" --pairs "$PAIRS" --bytes "$BIG_BYTES" --goal 8 \
    --names "seisview stats,NumPy, chunks of $chunk" \
    -- "$SEISVIEW" stats --threads "$THREADS" --json "$BIG" \
    -- "$python" "$here/by_numpy.py" chunked "$BIG" "$chunk" || worst=$?
exit "$worst"
