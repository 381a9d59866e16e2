#!/bin/bash
# seisview log: what it lists, in every style, and --forget.
. "${top_srcdir:?}/tests/cli/lib.sh"

samples '<f4' 1 2 3 4 >x.bin

check 'no journal'
run log x.bin
exits 0
prints_nothing
says_nothing

check 'edits, the newest first'
"$SEISVIEW" edit --gain 3 --demean x.bin >out
"$SEISVIEW" edit --from 1 --to 3 --channel 0 --set 1=7 x.bin >out
"$SEISVIEW" undo x.bin >out
run log --json x.bin
exits 0
[ "$(wc -l <out)" -eq 2 ] || fail 'not two lines'
has 1 number=2 'operation="--set=1=7 --channel=0"' from=1 to=3 num_channels=1 num_changed=1 \
    'state="undone"' can_be_undone=false can_be_redone=true
has 2 number=1 'operation="--gain=3 --demean"' from=0 to=4 num_channels=1 num_changed=4 \
    num_saturated=0 largest_change=5.5 'state="done"' can_be_undone=true can_be_redone=false

check 'a table: a line an edit, and above them what they have in common'
run log x.bin
exits 0
sed -i 's/20[0-9-]*T[0-9:]*Z/TIME/; s/user [^,]*, host [^,]*/user U, host H/' out
sed -i -E 's/ +(pid|[0-9]+)$//' out
matches log.txt

check 'forgotten'
run log --forget x.bin
exits 0
run log x.bin
prints_nothing
run undo x.bin
refused 2 'x.bin: there is no edit left to be undone'

check 'numbers go on'
run edit --gain 2 x.bin
exits 0
prints 'x.bin: edit 3: 4 samples changed, by 4.5 at most'

check 'all but the newest are forgotten'
samples '<f4' 1 2 3 4 >k.bin
for gain in 2 3 5 7 11; do
    "$SEISVIEW" edit --gain "$gain" k.bin >out
done
"$SEISVIEW" undo k.bin 2 >out
"$SEISVIEW" redo k.bin >out
cp k.bin.svj long.svj
run log --forget=3 k.bin
exits 0
prints_nothing
says_nothing
[ "$(tail -c 256 k.bin.svj | tr -d '\0' | wc -c)" -eq 0 ] || fail 'something stands behind a MARK'
[ "$(stat -c %s k.bin.svj)" -lt "$(stat -c %s long.svj)" ] || fail 'the journal is not smaller'
run log --csv k.bin
[ "$(cut -d , -f 2,4,11 out | tr '\n' ' ')" = \
    'number,operation,state 5,--gain=11,undone 4,--gain=7,done 3,--gain=5,done ' ] ||
    fail 'not the newest three'
run redo k.bin
exits 0
prints 'k.bin: edit 5 was done again'
run undo k.bin 4
exits 2
prints $'k.bin: edit 5 was undone\nk.bin: edit 4 was undone\nk.bin: edit 3 was undone'
samples '<f4' 6 12 18 24 | cmp -s - k.bin || fail 'other samples'

check 'more than there are'
cp k.bin.svj before.svj
run log --forget=9 k.bin
exits 0
cmp -s before.svj k.bin.svj || fail 'the journal has changed'

check 'an edit that kept nothing bars the way'
"$SEISVIEW" edit --undo=none --offset 1 k.bin >out
run log --json k.bin
has 1 can_be_undone=false
has 2 can_be_undone=false
run log --forget=1 k.bin
exits 0
run log --csv k.bin
[ "$(wc -l <out)" -eq 2 ] || fail 'not one edit'
run edit --gain 2 k.bin
exits 0
run undo k.bin
exits 0
run undo k.bin
refused 2 'was made with --undo=none: what it overwrote was not kept'

check 'wrong usage'
run log
refused 1 'log takes a file; see: seisview help log'
run log x.bin x.bin
refused 1 'log takes a file'

finish
