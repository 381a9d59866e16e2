#!/bin/bash
# The program is killed at each system call of an edit, of undo, redo and forgetting, and of the
# recovery from a kill: the recording is as it was or as it should become, and the next command says
# which. SEISVIEW_TORTURE=1 takes calls that change nothing, too.
#
# The states are called by their names.
# shellcheck disable=SC2317
. "${top_srcdir:?}/tests/cli/lib.sh"

strace -o trace -e trace=pwrite64 true 2>err || {
    echo 'strace is not here, or may not trace' >&2
    exit 77
}

# Who is traced cannot look for leaks.
export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
calls='pwrite64 fdatasync fsync ftruncate fallocate rename unlink fchmod fchown madvise munmap'
[ -z "${SEISVIEW_TORTURE-}" ] || calls="$calls mmap fcntl pread64 lseek openat close newfstatat futex"

cp "$DATA/quake.bin" before.raw
cp before.raw made.bin
"$SEISVIEW" edit --gain 2 made.bin >out || exit 1
mv made.bin after.raw

# kill_at CALL N COMMAND...: the program, killed at its Nth such call; $status is its own.
kill_at()
{
    local call=$1 at=$2
    shift 2
    # The shell says that it was killed, among what the program says.
    { strace -f -o trace -e "trace=$call" -e "inject=$call:signal=KILL:when=$at" \
        "$SEISVIEW" "$@" >out; } 2>err
    status=$?
}

# The recording, in the same file, without a journal.
fresh()
{
    rm -f x.bin.svj*
    cat before.raw >x.bin
}

edited()
{
    fresh
    "$SEISVIEW" edit --gain 2 x.bin >out
}

undone()
{
    edited
    "$SEISVIEW" undo x.bin >out
}

# Killed when all samples are stored, before the edit is acknowledged.
interrupted()
{
    fresh
    kill_at pwrite64 4 edit "$@" --gain 2 x.bin
}

interrupted_without_images()
{
    interrupted --undo=none
}

# Whether it is as one of the two.
is_whole()
{
    cmp -s before.raw x.bin || cmp -s after.raw x.bin ||
        fail "killed at $1: the recording is a mixture"
}

# killed STATE WANTED COMMAND...: from this state, at each call. WANTED is what the recording is when
# the command has said that it is done.
killed()
{
    local state=$1 wanted=$2 call at
    shift 2
    for call in $calls; do
        for ((at = 1; ; at++)); do
            "$state"
            kill_at "$call" "$at" "$@"
            [ "$status" -eq 137 ] || break
            kills=$((kills + 1))
            run verify x.bin
            [ "$status" -eq 0 ] || fail "killed at $call $at: verify ends with $status"
            is_whole "$call $at"
            run log x.bin
            [ "$status" -eq 0 ] || fail "killed at $call $at: log ends with $status"
        done
        [ "$status" -eq 0 ] || fail "$call: not killed any more, it ended with $status"
        cmp -s "$wanted" x.bin || fail "$call: not what is done when nothing stops it"
    done
}

kills=0
check 'an edit'
killed fresh after.raw edit --gain 2 x.bin
check 'an edit that keeps no before-images'
killed fresh after.raw edit --undo=none --gain 2 x.bin
check 'undo'
killed edited before.raw undo x.bin
check 'redo'
killed undone after.raw redo x.bin
check 'forgetting'
killed edited after.raw log --forget x.bin
check 'recovery, back'
killed interrupted before.raw verify x.bin
check 'recovery, on'
killed interrupted_without_images after.raw verify x.bin
[ $kills -gt 100 ] || fail "no more than $kills kills"
echo "$kills kills"

finish
