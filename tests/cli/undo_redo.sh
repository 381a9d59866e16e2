#!/bin/bash
# seisview undo and redo: every byte, one edit after the other.
. "${top_srcdir:?}/tests/cli/lib.sh"

holds()
{
    samples '<f4' "$@" | cmp -s - x.bin || fail "x.bin does not hold $*"
}

samples '<f4' 1 2 3 4 >x.bin

check 'nothing to undo'
run undo x.bin
refused 2 'x.bin: there is no edit left to be undone'
run redo x.bin
refused 2 'x.bin: there is no undone edit to be done again'

check 'one'
"$SEISVIEW" edit --gain 3 x.bin >out
run undo x.bin
exits 0
prints 'x.bin: edit 1 was undone'
says_nothing
holds 1 2 3 4

check 'again'
run redo x.bin
exits 0
prints 'x.bin: edit 1 was done again'
holds 3 6 9 12

check 'several'
"$SEISVIEW" edit --offset 1 x.bin >out
"$SEISVIEW" edit --invert x.bin >out
run undo x.bin 2
exits 0
prints $'x.bin: edit 3 was undone\nx.bin: edit 2 was undone'
holds 3 6 9 12
run redo x.bin 2
exits 0
prints $'x.bin: edit 2 was done again\nx.bin: edit 3 was done again'
holds -4 -7 -10 -13

check 'more than there are'
run undo x.bin 4
exits 2
prints $'x.bin: edit 3 was undone\nx.bin: edit 2 was undone\nx.bin: edit 1 was undone'
says 'x.bin: there is no edit left to be undone'
holds 1 2 3 4

check 'a new edit closes the way to redo'
"$SEISVIEW" edit --gain 5 x.bin >out
run redo x.bin
refused 2 'x.bin: there is no undone edit to be done again'

check 'changed since by another program'
samples '<f4' 1 >one
dd if=one of=x.bin conv=notrunc status=none
run undo x.bin
refused 3 'x.bin: its samples have changed since'
holds 1 10 15 20

check 'wrong usage'
run undo
refused 1 'undo takes a file and how many edits, 1 or more; see: seisview help undo'
run undo x.bin 0
refused 1 'undo takes a file and how many edits'
run redo x.bin 1 2
refused 1 'redo takes a file and how many edits'

finish
