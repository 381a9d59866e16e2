#!/bin/bash
# seisview edit: every operation on the bytes of a file, windows and channels, what it says.
. "${top_srcdir:?}/tests/cli/lib.sh"

# edited NUMBER...: x.bin holds these float32.
edited()
{
    samples '<f4' "$@" | cmp -s - x.bin || fail "x.bin does not hold $*, but $("$SEISVIEW" dump x.bin | tr '\n' ' ')"
}

fresh()
{
    rm -f x.bin x.bin.svj
    samples '<f4' "$@" >x.bin
}

check 'gain'
fresh 1 2 3 4
run edit --gain 2.5 x.bin
exits 0
prints 'x.bin: edit 1: 4 samples changed, by 6 at most'
says_nothing
edited 2.5 5 7.5 10

check 'the number goes on'
run edit --invert x.bin
exits 0
prints 'x.bin: edit 2: 4 samples changed, by 20 at most'
edited -2.5 -5 -7.5 -10

check 'operations in the order given'
fresh 1 2 3 4
run edit --offset 1 --gain 2 x.bin
exits 0
edited 4 6 8 10
fresh 1 2 3 4
run edit --gain 2 --offset 1 x.bin
exits 0
edited 3 5 7 9

check 'the mean as the operations before leave the samples'
fresh 1 2 3 10
run edit --clip 2,3 --demean x.bin
exits 0
edited -0.5 -0.5 0.5 0.5

check 'each operation'
fresh 1 2 3 4
run edit --demean x.bin
edited -1.5 -0.5 0.5 1.5
fresh 1 3 5 7
run edit --detrend x.bin
edited 0 0 0 0
fresh 1 4 9 16
run edit --detrend=2 x.bin
edited 0 0 0 0
fresh 1 nan 3 nan
run edit --fill-nan 7 x.bin
edited 1 7 3 7
fresh 1 nan 3 nan
run edit --fill-nan linear x.bin
edited 1 2 3 3
fresh 1 2 3 4
run edit --set 2=999 x.bin
edited 1 2 999 4
fresh 0 2 4 1 3 5 500 2 4 1 3 0
run edit --despike 5 x.bin
edited 0 2 4 1 3 5 3 2 4 1 3 0
fresh 8 8 8 8
run edit --taper 0.5 x.bin
edited 0 4 4 0

check 'a window'
fresh 1 2 3 4
run edit --from 1 --to 3 --gain 10 x.bin
exits 0
prints 'x.bin: edit 1: 2 samples changed, by 27 at most'
edited 1 20 30 4

check 'a channel'
fresh 1 2 3 4
run edit --channels 2 --channel 1 --gain 10 x.bin
exits 0
edited 1 20 3 40

check 'an index counts from the first sample, in a window too'
fresh 1 2 3 4
run edit --from 2 --set 3=0 x.bin
edited 1 2 3 0
run edit --from 2 --set 1=0 x.bin
refused 2 'x.bin: sample 1 is to be set, but samples 2 to 4 are edited'
edited 1 2 3 0

check 'integers are rounded and saturate'
samples '<i2' 1 -3 30000 -30000 >i.raw
run edit --dtype '<i2' --gain 1.5 i.raw
exits 0
samples '<i2' 2 -4 32767 -32768 | cmp - i.raw || fail 'other integers'

check 'nothing is done without an operation, a file, or a window'
fresh 1 2 3 4
run edit x.bin
refused 1 'no operation was given, as --demean; see: seisview help edit'
run edit --demean
refused 1 'no file is named; see: seisview help edit'
run edit --from 4 --demean x.bin
refused 1 'x.bin: the window holds no sample'
run edit --channel 1 --demean x.bin
refused 1 'x.bin: --channel 1 chooses none of its channels'
run edit --gain much x.bin
refused 1 "--gain takes a number; 'much' was given"
run edit --despike 0 x.bin
refused 1 '--despike takes a number above 0'
[ ! -e x.bin.svj ] || fail 'a journal was made'
edited 1 2 3 4

check 'a dry run: what would change, and what it takes; nothing is changed'
fresh 1 2 3 4
run edit --dry-run --clip 2,3 x.bin
exits 0
says_nothing
sed 's/ [0-9.]* [A-Za-z]* are free/ N are free/' out >shown
printf '%s\n' 'x.bin: 2 of 4 samples would change, by 1 at most' \
    'x.bin: the journal would take up to 1.5 KiB; N are free' | cmp -s - shown || fail 'other lines'
edited 1 2 3 4
[ ! -e x.bin.svj ] || fail 'there is a journal'

check 'means of hundreds of thousands of channels are kept, of more refused before anything is written'
rm -f x.bin x.bin.svj
truncate -s 2400000 x.bin
run edit --dry-run --demean --layout planar --channels 300000 x.bin
exits 0
truncate -s 2640000 x.bin
run edit --demean --layout planar --channels 330000 x.bin
refused 2 'x.bin: what is measured of each channel does not fit into bounded memory for so many; edit at most 327680 of them at a time'
[ ! -e x.bin.svj ] || fail 'a journal was made'
truncate -s 808000 x.bin
run edit --detrend=5 --demean --layout planar --channels 101000 x.bin
refused 2 'edit at most 100824 of them at a time'

check 'what is not edited in place'
"$SEISVIEW" convert --encoding steim2 "$DATA/quake.bin" quake.mseed
run edit --demean quake.mseed
refused 2 'quake.mseed: miniSEED is not edited in place'
"$SEISVIEW" convert --encoding i2 "$DATA/quake.bin" quake.flac
run edit --demean quake.flac
refused 2 'quake.flac: its samples are encoded, and are not edited in place; convert it first'

check 'a missing file, and others still are edited'
fresh 1 2 3 4
run edit --gain 2 nowhere.bin x.bin
exits 2
says 'nowhere.bin: it cannot be opened for editing'
edited 2 4 6 8

finish
