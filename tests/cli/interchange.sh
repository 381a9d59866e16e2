# Programs that others wrote read what seisview convert writes. Those that are not there are passed
# over; without any the test is skipped.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

asked=0

# Whether a program is there.
have()
{
    command -v "$1" >/dev/null || { echo "passed over: $1 is not there" >&2; return 1; }
    asked=$((asked + 1))
}

cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" .
"$SEISVIEW" convert --encoding i2 quake.bin short.bin

if have sndfile-info; then
    for suffix in wav rf64 w64 aiff au caf flac; do
        check "sndfile-info reads .$suffix"
        encoding=f4
        [ "$suffix" != flac ] || encoding=i3
        run convert --encoding "$encoding" quake.bin "info.$suffix"
        exits 0
        sndfile-info "info.$suffix" >out 2>err || fail 'it is refused'
        grep -q '^Sample Rate : 100$' out || fail 'another rate'
        grep -q '^Frames *: 12000$' out || fail 'another number of frames'
        grep -q '^Channels *: 3$' out || fail 'another number of channels'
    done
fi

if have sox; then
    for suffix in wav w64 aiff au caf flac; do
        check "sox reads the same 16-bit samples from .$suffix"
        run convert --encoding i2 short.bin "sox.$suffix"
        exits 0
        # Some builds lack a container: that is theirs to say.
        sox "sox.$suffix" -t raw -e signed -b 16 -L sox.raw 2>err || { cat err >&2; continue; }
        cmp -s sox.raw short.bin || fail 'other samples'
    done
    check 'sox reads odd 24-bit and 8-bit files'
    run convert --channel 0 --to 4999 --encoding i3 quake.bin odd.aiff
    exits 0
    [ "$(sox --i -s odd.aiff)" = 4999 ] || fail "$(sox --i -s odd.aiff) frames"
    run convert --channel 0 --to 4999 --encoding i3 quake.bin odd.wav
    [ "$(sox --i -s odd.wav)" = 4999 ] || fail "$(sox --i -s odd.wav) frames"
fi

if have mseed2sac; then
    for encoding in steim1 steim2 i4 f4 f8; do
        check "mseed2sac reads $encoding"
        rm -f ./*.SAC
        run convert --channel 0 --encoding "$encoding" --force quake.bin one.mseed
        exits 0
        mseed2sac -N XX -S QUAKE -C BHZ one.mseed >out 2>err || fail 'it is refused'
        made=(./*.SAC)
        [ -f "${made[0]}" ] || { fail 'nothing was made'; continue; }
        run dump "${made[0]}"
        mv out theirs
        run dump --channel 0 quake.bin
        cmp -s out theirs || fail 'other samples'
        run info --json "${made[0]}"
        has 1 'start="2026-01-01T00:00:00Z"' sample_rate=100
    done
fi

if have python3 && python3 -c 'import numpy' 2>/dev/null; then
    for encoding in f4 f8 '>f4' i2 i4 '>i4' u4 i8; do
        check "NumPy reads $encoding"
        from=quake.bin
        [ "$encoding" != u4 ] || from=positive.bin
        [ -f positive.bin ] || samples '<i4' 1 2 3 4 5 6 >positive.bin
        options=()
        [ "$from" = quake.bin ] || options=(--dtype '<i4' --channels 3)
        run convert "${options[@]}" --force --encoding "$encoding" "$from" made.npy
        exits 0
        run dump "${options[@]}" "$from"
        python3 - >theirs <<'END'
import numpy
for frame in numpy.load("made.npy").T:
    print("\t".join("%.9g" % value for value in frame))
END
        python3 - <<'END' || fail 'other samples'
import sys
ours = [line.split() for line in open("out")]
theirs = [line.split() for line in open("theirs")]
same = len(ours) == len(theirs) and all(
    [float(x) for x in a] == [float(x) for x in b] for a, b in zip(ours, theirs))
sys.exit(not same)
END
    done
fi

[ "$asked" -gt 0 ] || skip 'sndfile-info, sox, mseed2sac and python3 are not there'
finish
