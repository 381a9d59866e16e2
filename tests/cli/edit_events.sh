#!/bin/bash
# What may happen to an edit, and what the user sees of it: a kill, a signal, other editors and
# readers, a full disk, files that are cut or may not be written. Each row of the table of events.
. "${top_srcdir:?}/tests/cli/lib.sh"

# Jobs are groups of their own then, and do not ignore SIGINT as a script's jobs else do.
set -m
mega=$((1 << 20))
# Integers that do not compress.
head -c $((24 * mega)) /dev/urandom >old.raw
echo '{"global": {"core:datatype": "ri32_le", "core:version": "1.2.0", "core:dataset": "x.bin"}}' \
    >x.sigmf-meta
slow=(--despike 3 --gain 0.5 --taper 0.5)

fresh()
{
    rm -f x.bin x.bin.svj
    cp old.raw x.bin
}

is_as_before()
{
    cmp -s old.raw x.bin || fail 'the recording is not as it was'
}

size_of()
{
    stat -c %s "$1" 2>/dev/null || echo 0
}

# begin_edit BYTES [OPTION...]: an edit in the background, stopped when it has journaled so much. It
# is begun again where it was faster than that.
begin_edit()
{
    local bytes=$1 tries
    shift
    for ((tries = 0; tries < 50; tries++)); do
        fresh
        "$SEISVIEW" edit "${slow[@]}" "$@" x.bin >background.out 2>background.err &
        editor=$!
        while kill -0 "$editor" 2>err && [ "$(size_of x.bin.svj)" -lt "$bytes" ]; do :; done
        kill -STOP "$editor" 2>err && return
        ended "$editor"
    done
    fail 'the edit could not be caught on its way'
}

# ended PID: waits for its end; $status is its own. What is said is that it was stopped, at first.
ended()
{
    status=147
    while [ "$status" -eq 147 ]; do
        { wait -f "$1"; } 2>err
        status=$?
    done
}

# end_edit SIGNAL: sends it to the editor, and waits.
end_edit()
{
    kill "-$1" "$editor" 2>err
    kill -CONT "$editor" 2>err
    ended "$editor"
}

check 'a kill: nobody reads it, the next opener carries it back'
begin_edit $((2 * mega))
end_edit KILL
[ "$status" -eq 137 ] || fail "the editor ended with $status"
run stats x.bin
refused 2 'x.bin: an edit was interrupted; run: seisview verify x.bin'
run log x.bin
refused 2 'x.bin: an edit was interrupted; run: seisview verify x.bin'
run edit --dry-run --gain 0.5 x.bin
refused 2 'x.bin: an edit was interrupted; run: seisview verify x.bin'
run verify x.bin
exits 0
prints 'x.bin: an interrupted edit was carried back'
is_as_before
run verify x.bin
prints 'x.bin: no edit was interrupted'

check 'a kill: another edit carries it back and says so'
begin_edit $((2 * mega))
end_edit KILL
run edit --set 0=1 x.bin
exits 0
says 'x.bin: an interrupted edit was carried back first'
grep -q '^x.bin: edit 1: 1 sample changed' out || fail 'another line'
run undo x.bin
is_as_before

check 'a kill, with nothing kept: carried on to its end'
fresh
"$SEISVIEW" edit "${slow[@]}" --undo=none x.bin >out
cp x.bin wanted.raw
begin_edit 4097 --undo=none
end_edit KILL
run verify x.bin
exits 0
if grep -q 'carried on to its end' out; then
    cmp -s wanted.raw x.bin || fail 'not what the edit makes of it'
else
    is_as_before
fi

for signal in INT TERM HUP; do
    is_ignored $signal && continue
    check "SIG$signal: carried back at once, a line, death by it"
    begin_edit $((2 * mega))
    end_edit "$signal"
    [ "$status" -eq $((128 + $(kill -l "$signal"))) ] || fail "the editor ended with $status"
    [ ! -s background.out ] || fail 'there is output'
    printf '%s\n' 'seisview: x.bin: the edit was stopped, and the recording is as it was' \
        "seisview: stopped by SIG$signal" | cmp -s - background.err || fail "it says $(cat background.err)"
    run verify x.bin
    prints 'x.bin: no edit was interrupted'
    is_as_before
done

check 'a signal, with nothing kept: on to the end'
begin_edit 4097 --undo=none
end_edit TERM
[ "$status" -eq 143 ] || fail "the editor ended with $status"
run verify x.bin
prints 'x.bin: no edit was interrupted'
if [ -s background.out ]; then
    cmp -s wanted.raw x.bin || fail 'not what the edit makes of it'
else
    is_as_before
fi

check 'another editor, and readers, while it stores'
begin_edit $((18 * mega))
run edit --gain 0.5 x.bin
refused 2 "x.bin: busy: being edited by pid $editor on $(uname -n) since 20"
run undo x.bin
refused 2 "x.bin: busy: being edited by pid $editor"
run stats x.bin
refused 2 "x.bin: busy: being edited by pid $editor"
run log x.bin
refused 2 "x.bin: busy: being edited by pid $editor"

check 'they wait'
(sleep 0.3; kill -CONT "$editor") &
run stats --wait 60 x.bin
exits 0
says_nothing
wait

check 'a reader where an editor wants to store'
fresh
mkfifo held
"$SEISVIEW" dump x.bin >held 2>err &
reader=$!
exec 3<held
read -r -n 1 -u 3 _
run edit --gain 0.5 x.bin
refused 2 'x.bin: busy: being read by another process'
is_as_before
(sleep 0.3; kill "$reader") &
run edit --wait 60 --gain 0.5 x.bin
exits 0
grep -q '^x.bin: edit 1: [0-9]* samples changed, by' out || fail 'another line'
exec 3<&-
{ wait; } 2>err

check 'a signal while it waits'
"$SEISVIEW" dump x.bin >held 2>err &
reader=$!
exec 3<held
read -r -n 1 -u 3 _
"$SEISVIEW" edit --wait 60 --gain 0.5 x.bin >background.out 2>background.err &
editor=$!
sleep 0.3
end_edit TERM
[ "$status" -eq 143 ] || fail "the editor ended with $status"
exec 3<&-
kill "$reader" 2>err
{ wait; } 2>err

check 'cut meanwhile: a conflict, and it is never grown back'
begin_edit $((2 * mega))
end_edit KILL
truncate -s $mega x.bin
run verify x.bin
refused 3 'x.bin: the file ends before its sample at byte'
[ "$(size_of x.bin)" -eq $mega ] || fail 'its size has changed'
run edit --gain 0.5 x.bin
exits 3
run stats x.bin
exits 2
mv x.bin.svj elsewhere
run stats x.bin
exits 0

check 'changed meanwhile: a conflict, with the place and the way out'
begin_edit $((2 * mega))
end_edit KILL
printf 'other' | dd of=x.bin conv=notrunc status=none
cp x.bin changed
run verify x.bin
refused 3 'x.bin: another program has changed the sample at byte 0, in window 0 of an interrupted edit; to keep the recording as it is, move its journal away'
run edit --gain 0.5 x.bin
refused 3 'x.bin: another program has changed the sample at byte 0, in window 0 of an interrupted edit; to keep the recording as it is, move its journal away'
cmp -s changed x.bin || fail 'it was touched'

check 'replaced meanwhile: the journal of another file, in which an edit was interrupted'
begin_edit $((2 * mega))
end_edit KILL
cp old.raw other.bin
mv other.bin x.bin
run edit --gain 0.5 x.bin
exits 3
says 'x.bin: its journal holds an interrupted edit of another file; to keep the recording as it is, move the journal away'
is_as_before

check 'the journal of another file, in which nothing was interrupted, is set aside'
fresh
"$SEISVIEW" edit --gain 0.5 x.bin >out
cp old.raw other.bin
mv other.bin x.bin
run edit --gain 0.5 x.bin
exits 0
says 'x.bin: its journal was that of another file, and was renamed'
compgen -G 'x.bin.svj.*' >/dev/null || fail 'it is gone'

# ---- rights ------------------------------------------------------------------------------------

nobody=()
if [ "$(id -u)" -eq 0 ]; then
    nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    chmod 755 .
fi

run_as_nobody()
{
    "${nobody[@]}" "$SEISVIEW" "$@" >out 2>err
    status=$?
}

if "${nobody[@]}" "$SEISVIEW" --version >out 2>err; then
    check 'a read-only file'
    fresh
    chmod 444 x.bin
    run_as_nobody edit --gain 0.5 x.bin
    refused 2 'x.bin: it cannot be opened for editing: Permission denied'

    check 'a read-only directory'
    mkdir locked
    cp old.raw locked/x.bin
    chmod 666 locked/x.bin
    chmod 555 locked
    for more in '' --dry-run; do
        run_as_nobody edit $more --gain 0.5 locked/x.bin
        refused 2 'locked/x.bin: its directory, where the journal of the edit has its place, cannot be written: Permission denied'
    done
    cmp -s old.raw locked/x.bin || fail 'the recording has changed'
    chmod 755 locked

    check 'a journal that this user cannot read counts as interrupted'
    chmod 666 x.bin
    printf 'secret' >x.bin.svj
    chmod 000 x.bin.svj
    run_as_nobody stats x.bin
    refused 2 'x.bin: an edit was interrupted; run: seisview verify x.bin'
    run_as_nobody edit --gain 0.5 x.bin
    refused 2 'x.bin: its journal (x.bin.svj) cannot be opened: Permission denied'
    rm -f x.bin.svj

    check 'the log needs no right to write'
    fresh
    chmod 666 x.bin
    "$SEISVIEW" edit --gain 0.5 x.bin >out
    chmod 444 x.bin x.bin.svj
    run_as_nobody log --json x.bin
    exits 0
    has 1 number=1
    chmod 644 x.bin x.bin.svj
fi

# ---- a full disk -------------------------------------------------------------------------------

# Called in a namespace of its own.
# shellcheck disable=SC2317
full_disk()
{
    mkdir -p disk
    mount -t tmpfs -o size=34m none disk || exit 77
    cp old.raw disk/x.bin
    "$SEISVIEW" edit --gain 0.5 disk/x.bin
    echo "status $?"
    cmp old.raw disk/x.bin && echo same
    "$SEISVIEW" edit --undo=none --gain 0.5 disk/x.bin
    echo "status $?"
}

check 'a full disk'
if ! unshare -r -m true 2>err; then
    leave_out 'this user may not unshare mounts, and so mount no small disk'
else
    export SEISVIEW
    unshare -r -m bash -c "$(declare -f full_disk); full_disk" >out 2>err
    if [ $? -eq 77 ]; then
        leave_out 'no tmpfs can be mounted'
    else
        grep -q '^seisview: disk/x.bin: no space for the journal (needs [0-9]* bytes); make room, or give --undo=none$' err ||
            fail 'it does not say so'
        [ "$(cut -d : -f 1-2 out | tr '\n' ' ')" = 'status 2 same disk/x.bin: edit 1 status 0 ' ] ||
            fail 'not as it should be'
    fi
fi

finish
