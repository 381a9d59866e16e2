#!/bin/bash
# What headers and side files say of the samples, when those are edited: SAC's depmin, depmax and
# depmen, the peaks of sound files, SigMF's core:sha512.
. "${top_srcdir:?}/tests/cli/lib.sh"

# numbers TYPE BYTE COUNT FILE: as od shows them.
numbers()
{
    od --endian="$5" -A n -t "$1" -j "$2" -N "$3" "$4" | tr -s ' \n' ' '
}

# sac_figures FILE ENDIAN DEPMIN DEPMAX DEPMEN
sac_figures()
{
    local extremes mean
    extremes=$(numbers f4 4 8 "$1" "$2")
    mean=$(numbers f4 224 4 "$1" "$2")
    [ "$extremes$mean" = " $3 $4  $5 " ] || fail "depmin, depmax and depmen are$extremes$mean"
}

check 'SAC'
samples '<f4' 1 5 -3 9 >values.f32
"$SEISVIEW" convert values.f32 x.sac
cp x.sac before.sac
sac_figures x.sac little -3 9 3
run edit --gain 2 x.sac
exits 0
prints 'x.sac: edit 1: 4 samples changed, by 9 at most'
sac_figures x.sac little -6 18 6

check 'SAC: a window, so that what it leaves counts too'
run edit --from 1 --to 3 --set 2=100 x.sac
exits 0
sac_figures x.sac little 2 100 32.5

check 'SAC: undo brings the header back'
run undo x.sac 2
exits 0
cmp -s before.sac x.sac || fail 'other bytes'
run redo x.sac
sac_figures x.sac little -6 18 6

check 'SAC: nothing kept'
run edit --undo=none --offset 1 x.sac
exits 0
sac_figures x.sac little -5 19 7

check 'SAC: NaN and infinities do not count'
run edit --from 0 --to 1 --gain 1e308 --gain 1e308 x.sac
exits 0
says 'x.sac: 1 sample lay beyond <f4, and became infinite'
sac_figures x.sac little -5 19 8.333333

check 'SAC: no finite sample left, the figures are undefined'
samples '<f4' 0 >one.f32
"$SEISVIEW" convert one.f32 one.sac
run edit --set 0=inf one.sac
exits 0
sac_figures one.sac little -12345 -12345 -12345

check 'SAC: big-endian'
# The words of the numbers the other way round; texts begin at byte 440 and end at 632.
"$SEISVIEW" convert values.f32 l.sac
{
    dd if=l.sac bs=440 count=1 status=none | od -A n -v -t x4 --endian=big -w4 |
        while read -r word; do
            printf '%b' "\\x${word:6:2}\\x${word:4:2}\\x${word:2:2}\\x${word:0:2}"
        done
    dd if=l.sac bs=1 skip=440 count=192 status=none
    samples '>f4' 1 5 -3 9
} >big.sac
run edit --invert big.sac
exits 0
sac_figures big.sac big -9 3 -3

# ---- peaks -----------------------------------------------------------------------------------

number()
{
    local i shift hex=''
    for ((i = 0; i < $2; i++)); do
        shift=$((8 * ($3 ? $2 - 1 - i : i)))
        hex+=$(printf '\\x%02x' $(($1 >> shift & 255)))
    done
    printf '%b' "$hex"
}

# Two channels of four frames; the peaks are 4 at frame 3, and −7 at frame 1.
frames=(1 2 3 -7 -2 5 4 0)

check 'PEAK of WAV'
{
    printf 'RIFF'; number 116 4 0; printf 'WAVEfmt '; number 16 4 0
    number 3 2 0; number 2 2 0; number 100 4 0; number 800 4 0; number 8 2 0; number 32 2 0
    printf 'fact'; number 4 4 0; number 4 4 0
    printf 'PEAK'; number 24 4 0; number 1 4 0; number 5 4 0
    samples '<f4' 4; number 3 4 0; samples '<f4' 7; number 1 4 0
    printf 'data'; number 32 4 0; samples '<f4' "${frames[@]}"
} >p.wav
cp p.wav before.wav
run edit --from 1 --to 3 --gain 10 p.wav
exits 0
[ "$(numbers f4 64 4 p.wav little)$(numbers u4 68 4 p.wav little)" = ' 30  1 ' ] ||
    fail 'another peak of the first channel'
[ "$(numbers f4 72 4 p.wav little)$(numbers u4 76 4 p.wav little)" = ' 70  1 ' ] ||
    fail 'another peak of the second channel'
[ "$(numbers u4 60 4 p.wav little)" -gt 1000000000 ] || fail 'the time of the peaks is the old one'
run undo p.wav
exits 0
cmp -s before.wav p.wav || fail 'undo left other bytes'

check 'PEAK of WAV behind the samples'
{
    printf 'RIFF'; number 104 4 0; printf 'WAVEfmt '; number 16 4 0
    number 3 2 0; number 2 2 0; number 100 4 0; number 800 4 0; number 8 2 0; number 32 2 0
    printf 'data'; number 32 4 0; samples '<f4' "${frames[@]}"
    printf 'PEAK'; number 24 4 0; number 1 4 0; number 5 4 0
    samples '<f4' 4; number 3 4 0; samples '<f4' 7; number 1 4 0
} >e.wav
run edit --gain 2 e.wav
exits 0
[ "$(numbers f4 92 4 e.wav little)$(numbers u4 96 4 e.wav little)" = ' 8  3 ' ] ||
    fail 'another peak of the first channel'

check 'PEAK of AIFF-C'
{
    printf 'FORM'; number 126 4 1; printf 'AIFC'
    printf 'FVER'; number 4 4 1; number 2726318400 4 1
    printf 'COMM'; number 24 4 1; number 2 2 1; number 4 4 1; number 32 2 1
    printf '%b' '\x40\x05\xc8\0\0\0\0\0\0\0'; printf 'fl32'; number 0 2 1
    printf 'PEAK'; number 24 4 1; number 1 4 1; number 5 4 1
    samples '>f4' 4; number 3 4 1; samples '>f4' 7; number 1 4 1
    printf 'SSND'; number 40 4 1; number 0 4 1; number 0 4 1; samples '>f4' "${frames[@]}"
} >p.aifc
run edit --invert --gain 3 p.aifc
exits 0
[ "$(numbers f4 72 4 p.aifc big)$(numbers u4 76 4 p.aifc big)" = ' 12  3 ' ] ||
    fail 'another peak of the first channel'
[ "$(numbers f4 80 4 p.aifc big)$(numbers u4 84 4 p.aifc big)" = ' 21  1 ' ] ||
    fail 'another peak of the second channel'

check 'peak of CAF'
{
    printf 'caff'; number 1 2 1; number 0 2 1
    printf 'desc'; number 32 8 1; samples '>f8' 100; printf 'lpcm'; number 1 4 1
    number 8 4 1; number 1 4 1; number 2 4 1; number 32 4 1
    printf 'peak'; number 28 8 1; number 0 4 1
    samples '>f4' 4; number 3 8 1; samples '>f4' 7; number 1 8 1
    printf 'data'; number 36 8 1; number 0 4 1; samples '>f4' "${frames[@]}"
} >p.caf
run edit --set 0=50 --channel 0 p.caf
exits 0
[ "$(numbers f4 68 4 p.caf big)$(numbers u8 72 8 p.caf big)" = ' 50  0 ' ] ||
    fail 'another peak of the first channel'
[ "$(numbers f4 80 4 p.caf big)$(numbers u8 84 8 p.caf big)" = ' 7  1 ' ] ||
    fail 'another peak of the second channel'

# ---- SigMF ------------------------------------------------------------------------------------

# checksum TEXT: a side file with this text is left as the next argument.
checksum()
{
    samples '<f4' 1 2 >s.bin
    rm -f s.bin.svj
    printf '%s' "$1" >s.sigmf-meta
    chmod 640 s.sigmf-meta
    run edit --gain 2 s.bin
    exits 0
    says 's.bin: core:sha512 was removed from its side file: it was that of the samples before'
    printf '%s' "$2" | cmp -s - s.sigmf-meta || fail "it is now $(cat s.sigmf-meta)"
    [ "$(stat -c %a s.sigmf-meta)" = 640 ] || fail 'its mode has changed'
}

check 'core:sha512, wherever it stands'
rest='"core:datatype": "rf32_le", "core:version": "1.2.0", "core:dataset": "s.bin"'
end='}, "captures": [], "annotations": [] }'
checksum "{ \"global\": {\"core:sha512\": \"ab\", $rest$end" "{ \"global\": {$rest$end"
checksum "{ \"global\": {$rest, \"core:sha512\": \"ab\"$end" "{ \"global\": {$rest$end"
checksum "{ \"x\": [{\"core:sha512\": 1}], \"global\": {\"core:sha512\": \"a\\\"}\", $rest$end" \
    "{ \"x\": [{\"core:sha512\": 1}], \"global\": {$rest$end"

check 'none of it'
printf '%s' "{ \"global\": {$rest$end" >s.sigmf-meta
cp s.sigmf-meta before
run edit --gain 2 s.bin
says_nothing
cmp -s before s.sigmf-meta || fail 'the side file has changed'

check 'of another file'
printf '%s' '{ "global": {"core:sha512": "ab", "core:datatype": "rf32_le", "core:dataset": "t.bin"} }' >s.sigmf-meta
cp s.sigmf-meta before
run edit --gain 2 s.bin
exits 0
cmp -s before s.sigmf-meta || fail 'the side file has changed'

check 'a dry run leaves it'
printf '%s' "{ \"global\": {\"core:sha512\": \"ab\", $rest$end" >s.sigmf-meta
cp s.sigmf-meta before
run edit --dry-run --gain 2 s.bin
exits 0
cmp -s before s.sigmf-meta || fail 'the side file has changed'

finish
