#!/bin/bash
# seisview edit of every type and format: the samples become what they should, undo brings back
# every byte, and nothing but samples changes.
. "${top_srcdir:?}/tests/cli/lib.sh"

values=(3 -4 0 50 -64 63 1 2 -1 30 31 -32)
samples '<f4' "${values[@]}" >values.f32

# doubled FILE LEAST MOST [OPTION...]: dump gives the values times 2, within these limits.
doubled()
{
    local file=$1 least=$2 most=$3
    shift 3
    for value in "${values[@]}"; do
        [ "$value" -ge "$least" ] || value=0
        local twice=$((2 * value))
        [ "$twice" -le "$most" ] || twice=$most
        [ "$twice" -ge "$least" ] || twice=$least
        echo "$twice"
    done >wanted
    "$SEISVIEW" dump "$@" "$file" >out 2>err
    cmp -s wanted out || fail "$file: other samples than twice the old"
}

# edit_and_undo FILE LEAST MOST [OPTION...]: a gain of 2, kept and not kept.
edit_and_undo()
{
    local file=$1 least=$2 most=$3
    shift 3
    cp "$file" before
    run edit "$@" --gain 2 "$file"
    exits 0
    doubled "$file" "$least" "$most" "$@"
    cp "$file" after
    run undo "$file"
    exits 0
    cmp -s before "$file" || fail "$file: undo left other bytes"
    run redo "$file"
    exits 0
    cmp -s after "$file" || fail "$file: redo left other bytes"
    run undo "$file"
    rm -f "$file.svj"
    run edit "$@" --undo=none --gain 2 "$file"
    exits 0
    cmp -s after "$file" || fail "$file: --undo=none left other bytes"
    rm -f "$file.svj"
}

limits()
{
    case $1 in
    i1) echo -128 127 ;;
    u1) echo 0 255 ;;
    u*) echo 0 100000 ;;
    *) echo -100000 100000 ;;
    esac
}

for type in f4 f8 i1 u1 i2 u2 i3 u3 i4 u4 i8 u8 ibm4; do
    for order in '<' '>'; do
        check "raw $order$type"
        printf '%s\n' "${values[@]}" >list
        [ "${type:0:1}" != u ] || sed -i 's/^-.*/0/' list
        mapfile -t numbers <list
        samples "$order$type" "${numbers[@]}" >x.raw
        read -r least most < <(limits "$type")
        edit_and_undo x.raw "$least" "$most" --dtype "$order$type"
    done
done

for suffix in sac segy su npy wav aiff au caf rf64 w64; do
    check ".$suffix"
    rm -f x."$suffix"*
    "$SEISVIEW" convert --rate 100 values.f32 x."$suffix" 2>err || fail 'it cannot be written'
    edit_and_undo x."$suffix" -100000 100000
done

for encoding in i2 i3 i4 f8; do
    check "WAV with $encoding"
    rm -f x.wav*
    "$SEISVIEW" convert --encoding "$encoding" values.f32 x.wav 2>err || fail 'it cannot be written'
    edit_and_undo x.wav -100000 100000
done

for encoding in ibm4 i1 i2 i4 f8; do
    check "SEG-Y with $encoding"
    rm -f x.segy*
    "$SEISVIEW" convert --encoding "$encoding" values.f32 x.segy 2>err || fail 'it cannot be written'
    read -r least most < <(limits "$encoding")
    edit_and_undo x.segy "$least" "$most"
done

check 'planar, one channel of three, nothing else changes'
samples '<i4' 1 2 3 4 5 6 7 8 9 >p.raw
run edit --dtype '<i4' --channels 3 --layout planar --channel 1 --offset 100 p.raw
exits 0
prints 'p.raw: edit 1: 3 samples changed, by 100 at most'
samples '<i4' 1 2 3 104 105 106 7 8 9 | cmp - p.raw || fail 'other samples'

check 'bytes before and behind the samples stay'
{ printf 'HEAD'; samples '>i2' 1 2 3; printf 'x'; } >h.raw
run edit --dtype '>i2' --skip 4 --invert h.raw
exits 0
{ printf 'HEAD'; samples '>i2' -1 -2 -3; printf 'x'; } | cmp - h.raw || fail 'other bytes'

check 'channels at uneven distances, several traces, each with its own mean'
samples '<f4' 1 10 100 1000 3 30 300 3000 >m.raw
run edit --channels 4 --channel 0,1,3 --demean m.raw
exits 0
samples '<f4' -1 -10 100 -1000 1 10 300 1000 | cmp - m.raw || fail 'other samples'
run log --json m.raw
has 1 num_channels=3 num_changed=6 'operation="--demean --channel=0,1,3"'

check 'how many saturate'
samples '<i2' 30000 -30000 1 >s.raw
run edit --dry-run --dtype '<i2' --gain 2 s.raw
exits 0
says 's.raw: 2 samples would lie beyond <i2, and hold the nearest value that it has'
run edit --dtype '<i2' --gain 2 s.raw
exits 0
says 's.raw: 2 samples lay beyond <i2, and hold the nearest value that it has'
samples '<i2' 32767 -32768 2 | cmp - s.raw || fail 'other samples'
run log --json s.raw
has 1 num_saturated=2

check 'a sample that would be NaN in a type that has none'
samples '<i2' 1 2 3 >n.raw
cp n.raw before
run edit --dtype '<i2' --gain 1e300 --gain 1e300 --gain 0 n.raw
refused 2 'n.raw: sample 0 would become NaN, and <i2 has none'
cmp -s before n.raw || fail 'the file has changed'
run edit --dtype '<i2' --undo=none --gain 1e300 --gain 1e300 --gain 0 n.raw
refused 2 'n.raw: sample 0 would become NaN, and <i2 has none'
cmp -s before n.raw || fail 'the file has changed'
run stats --dtype '<i2' n.raw
exits 0

finish
