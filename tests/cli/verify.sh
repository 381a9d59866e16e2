#!/bin/bash
# seisview verify: what it says of recordings that were not edited, and of journals that are none.
# What it does to interrupted edits is tests/fault/test_edit's.
. "${top_srcdir:?}/tests/cli/lib.sh"

cp "$DATA/quake.bin" quake.bin

check 'no journal'
run verify quake.bin
exits 0
prints 'quake.bin: no edit was interrupted'
says

check 'no file'
run verify
exits 1
says 'no file is named; see: seisview help verify'

check 'a missing file'
run verify nowhere.bin quake.bin
exits 2
prints 'quake.bin: no edit was interrupted'
says 'nowhere.bin: it cannot be opened for editing'

check 'a journal that is none'
printf 'nothing of ours' >quake.bin.svj
run verify quake.bin
exits 3
prints_nothing
says 'quake.bin: its journal (quake.bin.svj) is damaged, or none; to keep the recording as it is, move the journal away'

check 'it is not read'
run stats quake.bin
exits 2
prints_nothing
says 'quake.bin: an edit was interrupted; run: seisview verify quake.bin'

check 'nor through a link'
ln -s quake.bin link.bin
run stats link.bin
exits 2
says 'link.bin: an edit was interrupted; run: seisview verify link.bin'

check 'moved away'
mv quake.bin.svj elsewhere
run stats quake.bin
exits 0

check 'the same file by another name'
ln quake.bin other.bin
run verify quake.bin
exits 2
says 'quake.bin: it has 2 names'

check 'no regular file'
run verify .
exits 2
says '.: it cannot be opened for editing'

finish
