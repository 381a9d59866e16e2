# Sound files that sox wrote, and what sndfile-info and sox say of them.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

command -v sox >/dev/null || skip 'sox is not there'
command -v sndfile-info >/dev/null || skip 'sndfile-info is not there'

sox -V1 -D -R -n -r 250 -c 3 -b 32 long.wav synth 40 whitenoise gain -12 || skip 'sox makes no noise'

# made FILE DTYPE BITS ENCODING: sox makes FILE, and its samples are those that sox reads there.
made()
{
    local file=$1 dtype=$2 bits=$3 encoding=$4
    shift 4
    check "$file, $bits bits, $encoding"
    sox -V1 -D -R long.wav -b "$bits" -e "$encoding" "$@" "$file" 2>err || fail 'sox does not make it'
    run info --json "$file"
    exits 0
    says_nothing
    has 1 "dtype=\"$dtype\"" num_samples=10000 sample_rate=250
    sndfile-info "$file" >theirs || fail 'sndfile-info refuses it'
    grep -q '^Frames *: 10000$' theirs || fail 'sndfile-info counts other frames'
    [ "$(sox --i -s "$file")" = "$(value 1 num_samples)" ] || fail 'sox counts other frames'
    [ "$(sox --i -c "$file")" = "$(wc -l <out)" ] || fail 'sox counts other channels'
    sox -V1 -D "$file" -t raw -L -b 32 -e signed theirs.raw
    "$SEISVIEW" dump --dtype '<i4' --channels 3 --format raw theirs.raw >theirs
    run dump "$file"
    # What sox reads is shifted up to 32 bits.
    awk -v bits="$bits" -v is_unsigned="${dtype#u1}" -v OFS='\t' '{
        for (i = 1; i <= NF; i++) $i = ($i - (is_unsigned == "" ? 128 : 0)) * 2 ^ (32 - bits)
        print }' out | cmp -s - theirs || fail 'sox reads other samples'
}

made a.wav u1 8 unsigned
made a.wav '<i2' 16 signed
made a.wav '<i3' 24 signed
made a.wav '<i4' 32 signed
made a.aiff i1 8 signed
made a.aiff '>i2' 16 signed
made a.aiff '>i3' 24 signed
made a.au '>i2' 16 signed
made a.w64 '<i3' 24 signed
made a.caf '>i2' 16 signed
made a.flac '<i2' 16 signed
made a.flac '<i3' 24 signed

check 'what sox writes into a pipe has no length'
for type in wav aiff au; do
    sox -V1 -D long.wav -b 16 -t "$type" - 2>theirs.err | cat >"pipe.$type"
    sox -V1 -D long.wav -b 16 "file.$type"
    run stats --csv "file.$type"
    cut -d , -f 2- out >expected
    run stats --csv "pipe.$type"
    exits 0
    cut -d , -f 2- out | cmp -s expected - || fail "pipe.$type measures something else"
done

finish
