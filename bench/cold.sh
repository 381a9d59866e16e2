#!/bin/sh
# Claims: a file that is not in the page cache is measured at 0.80 of the best rate at which fio
# reads it past the cache, and is in the cache afterwards, where the next scan runs hot; past the
# cache (--io=direct) at 0.90 of that rate. Run by bench/run.
#
# Memory that lies free in a virtual machine may be given back to the host, which then takes longer
# to hand it out again than the disk to fill it. So `auto` comes right after another run, `idle`: the
# memory that the cache takes was in use a moment ago, as it is where other files are read and
# written. `idle` comes after reads past the cache, and is shown for comparison.
echo "stats of $((BIG_BYTES >> 30)) GiB of float32 from the disk, whole processes, $THREADS threads"
if ! command -v fio >/dev/null; then
    echo "  skipped: fio, which measures what the disk can do, is not installed"
    exit 0
fi
[ -e "$BIG" ] || "$BENCH/fill" "$BIG" "$BIG_BYTES" || exit 2
rates=$FOLDER/rates
rounds=$(((PAIRS + 1) / 2))

drop()
{
    dd of="$BIG" oflag=nocache conv=notrunc,fdatasync count=0 status=none
}

# own NAME [OPTIONS...]: a line of what stats of the cold file came to.
own()
{
    name=$1
    shift
    drop
    echo "$round $name $(rate "$SEISVIEW" stats --threads "$THREADS" --json "$@" "$BIG")" >>"$rates"
}

# fio_rate DEPTH: GB/s, by fio's own clock.
fio_rate()
{
    fio --name=read --filename="$BIG" --readonly --rw=read --bs=1M --direct=1 --ioengine=libaio \
        --iodepth="$1" --minimal | awk -F ';' '{ print $7 * 1024 / 1e9 }'
}

# rate COMMAND...: GB/s, from outside.
rate()
{
    begin=$(date +%s%N)
    "$@" >"$FOLDER/row" || exit 2
    awk -v bytes="$BIG_BYTES" -v ns="$(($(date +%s%N) - begin))" 'BEGIN { print bytes / ns }'
}

: >"$rates"
for round in $(seq "$rounds"); do
    for depth in 1 4 16 32; do
        drop
        echo "$round fio $(fio_rate "$depth")" >>"$rates"
    done
    own direct --io=direct
    own idle
    own auto
    echo "$round next $(rate "$SEISVIEW" stats --threads "$THREADS" --json "$BIG")" >>"$rates"
    echo "$round sum $(rate "$BENCH/sum" --threads "$THREADS" --streams 4 "$BIG")" >>"$rates"
    own map --io=map
    own read --io=read
done

# share NAME PEER GOAL: the median over the rounds of NAME's rate over PEER's best.
share()
{
    awk -v name="$1" -v peer="$2" -v goal="$3" '
        function sort(values, n,  i, j, value) {
            for (i = 2; i <= n; i++) {
                value = values[i]
                for (j = i - 1; j > 0 && values[j] > value; j--)
                    values[j + 1] = values[j]
                values[j + 1] = value
            }
        }
        function median(values, n) {
            return (values[int((n + 1) / 2)] + values[int(n / 2) + 1]) / 2
        }
        $2 == name { own[$1] = $3 }
        $2 == peer && $3 > best[$1] { best[$1] = $3 }
        END {
            for (round in own) {
                rates[++n] = own[round]
                peers[n] = best[round]
                ratios[n] = own[round] / best[round]
            }
            sort(rates, n); sort(peers, n); sort(ratios, n)
            printf "  %-8s %5.2f GB/s (%.2f–%.2f), %s at best %.2f (%.2f–%.2f): share %.2f (%.2f–%.2f)",
                name, median(rates, n), rates[1], rates[n], peer, median(peers, n), peers[1],
                peers[n], median(ratios, n), ratios[1], ratios[n]
            reached = (median(ratios, n) >= goal)
            if (goal > 0)
                printf "  goal ≥ %g: %s", goal, reached ? "reached" : "MISSED"
            print ""
            exit reached ? 0 : 3
        }' "$rates"
}

worst=0
share auto fio 0.8 || worst=$?
share direct fio 0.9 || worst=$?
share next sum 0.9 || worst=$?
share auto map 0.95 || worst=$?
share auto read 0.95 || worst=$?
share idle fio 0
exit "$worst"
