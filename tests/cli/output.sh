# Where the output goes: readers that go away, full disks, closed descriptors.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" .
seq 1 500000 | "$MAKE_SAMPLES" '<f4' >long.bin

check 'a reader that goes away'
for command in 'dump long.bin' 'stats --json --format raw --channels 4000 long.bin'; do
    # shellcheck disable=SC2086
    { "$SEISVIEW" $command 2>err; echo $? >status; } | head -n 1 >out
    status=$(cat status)
    exits $((128 + 13))
    says_nothing
    [ "$(wc -l <out)" -eq 1 ] || fail "$command: no line"
done

check 'a reader that goes away, where SIGPIPE is ignored'
(trap '' PIPE; "$SEISVIEW" dump long.bin 2>err; echo $? >status) | head -n 1 >out
says_nothing
[ "$(cat status)" -ne 0 ] || fail 'exit 0'

check 'a full disk'
for command in 'dump long.bin' 'dump --raw long.bin' 'stats quake.bin' 'stats --json quake.bin' \
    'info --csv quake.bin' 'help' 'help stats' '--version'; do
    : >out
    # shellcheck disable=SC2086
    "$SEISVIEW" $command >/dev/full 2>err
    status=$?
    exits 2
    says 'standard output cannot be written: No space left on device'
done

check 'standard output is closed'
: >out
"$SEISVIEW" stats quake.bin >&- 2>err
status=$?
exits 2
says 'standard output cannot be written'

check 'standard input is closed'
"$SEISVIEW" stats - <&- >out 2>err
status=$?
exits 2
prints_nothing
"$SEISVIEW" stats --json quake.bin <&- >out 2>err
status=$?
exits 0

check 'standard error is closed'
"$SEISVIEW" stats --json nowhere.bin quake.bin >out 2>&-
status=$?
: >err
exits 2
has 1 file='"quake.bin"'
cmp -s quake.bin "$DATA/quake.bin" || fail 'what was said is in the recording'

finish
