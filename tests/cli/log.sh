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

check 'wrong usage'
run log
refused 1 'log takes a file; see: seisview help log'
run log x.bin x.bin
refused 1 'log takes a file'

finish
