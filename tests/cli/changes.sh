# Recordings that change while they are read, and signals. The program is held at its first block
# (SIGSTOP), so that no test depends on how fast it is.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

# Jobs are groups of their own then, and do not ignore SIGINT as a script's jobs else do.
set -m

# hold ARGUMENTS...: starts seisview and stops it soon after it began to read.
hold()
{
    : >err
    "$SEISVIEW" "$@" --progress=always >out 2>err &
    job=$!
    until [ -s err ]; do
        kill -0 "$job" 2>/dev/null || break
    done
    kill -STOP "$job"
}

release()
{
    kill -CONT "$job"
    # That it was stopped is the first that is heard of it, or not.
    while wait "$job"; status=$?; [ "$status" -eq $((128 + $(kill -l STOP))) ]; do :; done
    # What the progress bar drew is not what was said.
    sed -i 's/\r\x1b\[K/\n/g' err
    sed -i '/ left$/d; /^$/d' err
}

# catches JOB SIGNAL: whether it has a handler for it.
catches()
{
    local mask
    mask=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status")
    (((16#${mask:-0} >> ($(kill -l "$2") - 1)) & 1))
}

# Holes are not read: what keeps the program busy for a while is how many there are.
truncate -s 15T sparse.bin || skip 'no sparse files of 15 TiB'

for io in auto map read; do
    truncate -s 15T sparse.bin
    check "a file that is truncated while it is read, --io=$io"
    hold stats --json --threads 1 --io $io sparse.bin
    truncate -s 1000000 sparse.bin
    release
    exits 2
    says 'byte 1000000'
    has 1 complete=false
done

check 'a planar file that is truncated while it is read'
truncate -s 15T sparse.bin
hold stats --json --threads 1 --channels 2 --layout planar sparse.bin
truncate -s 1000000 sparse.bin
release
exits 2
has 3 channel='"all"' complete=false

check 'a file that is written to while it is read'
truncate -s 2T sparse.bin
hold stats --json --threads 1 sparse.bin
printf 'xxxx' | dd of=sparse.bin bs=4 count=1 conv=notrunc 2>/dev/null
release
exits 0
says 'sparse.bin: the file was written to while it was read'
has 1 complete=true

check 'a dump of a file that is truncated'
seq 1 400000 | "$MAKE_SAMPLES" '<i4' >long.bin
mkfifo fifo
"$SEISVIEW" dump --dtype '<i4' long.bin >fifo 2>err &
job=$!
{
    read -r first
    truncate -s 1200000 long.bin
    { echo "$first"; cat; } >out
} <fifo
wait "$job"
status=$?
exits 2
grep -q 'long.bin: .*byte 1200000' err || fail 'where it ends is not said'
num_lines=$(wc -l <out)
seq 1 "$num_lines" | cmp -s - out || fail 'other samples'
[ "$num_lines" -le 300000 ] || fail 'samples that are not there'

for signal in INT TERM HUP; do
    is_ignored $signal && continue
    check "SIG$signal: a line, and death by it"
    truncate -s 15T sparse.bin
    hold stats sparse.bin
    kill -$signal "$job"
    release
    exits $((128 + $(kill -l $signal)))
    says "stopped by SIG$signal"
    prints_nothing
done

check 'a signal before there is anything to stop'
rm -f fifo
mkfifo fifo
"$SEISVIEW" stats - <fifo >out 2>err &
job=$!
exec 9>fifo
until catches "$job" TERM; do :; done
kill -TERM "$job"
wait "$job"
status=$?
exec 9>&-
exits $((128 + 15))
says 'stopped by SIGTERM'

check 'a signal that was ignored stays ignored'
: >err
(trap '' HUP; exec "$SEISVIEW" stats --json --progress=always --to 100000000 sparse.bin >out 2>err) &
job=$!
until [ -s err ]; do
    kill -0 "$job" 2>/dev/null || break
done
kill -HUP "$job" 2>/dev/null
wait "$job"
status=$?
exits 0
has 1 num_samples=100000000

finish
