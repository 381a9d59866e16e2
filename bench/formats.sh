#!/bin/sh
# Claims: what lies plainly in a file is read in place, whatever the format: big-endian float32 at
# 0.75 and IBM float at 0.6 of native float32's rate, SAC, SU and WAV like raw; Steim2 by two
# threads at 1.9 times libmseed's own rate, float32 in records of 512 bytes at twice its rate; ten
# thousand small SAC files in a second. Run by bench/run.
worst=0
samples=134217728 channels=64
native=$FOLDER/native.f32 counts=$FOLDER/counts.i4
traces="--channels $channels --layout planar"

# convert FILE [OPTIONS...]: the native samples, converted. Both write files in pieces that the page
# cache keeps and maps whole, as bench/fill does, so that it is the formats that are compared.
convert()
{
    file=$1
    shift
    "$SEISVIEW" convert "$@" "$native" "$file" 2>/dev/null || exit 2
}

# pair GOAL BYTES NAME FILE PEER [OPTIONS...]: statistics of the file beside those of raw samples,
# which need the options.
pair()
{
    goal=$1 bytes=$2 names="$3,raw" file=$4 peer=$5
    shift 5
    "$BENCH/pairs" --pairs "$PAIRS" --bytes "$bytes" --goal "$goal" --names "$names" \
        -- "$SEISVIEW" stats --threads "$THREADS" --json "$file" \
        -- "$SEISVIEW" stats --threads "$THREADS" --json "$@" "$peer" || worst=$?
}

echo "statistics of 2^27 samples, whole processes, $THREADS threads, beside native float32"
"$BENCH/fill" "$native" $((samples * 4)) || exit 2
for encoding in f4 ibm4; do
    # shellcheck disable=SC2086
    convert "$FOLDER/$encoding.segy" $traces --encoding "$encoding"
done
# shellcheck disable=SC2086
pair 0.75 $((samples * 4)) 'SEG-Y float32' "$FOLDER/f4.segy" "$native" $traces
# shellcheck disable=SC2086
pair 0.6 $((samples * 4)) 'SEG-Y IBM float' "$FOLDER/ibm4.segy" "$native" $traces
rm "$FOLDER"/*.segy
convert "$FOLDER/one.sac"
pair 0.9 $((samples * 4)) SAC "$FOLDER/one.sac" "$native"
rm "$FOLDER/one.sac"

# SU has 16 bits for the samples of a trace, and for the microseconds from one to the next.
traces="--channels $((samples / 32768)) --layout planar"
# shellcheck disable=SC2086
convert "$FOLDER/f4.su" $traces --rate 100
# shellcheck disable=SC2086
pair 0.9 $((samples * 4)) 'SU float32' "$FOLDER/f4.su" "$native" $traces
rm "$FOLDER/f4.su"

echo "the same, beside raw int16"
convert "$FOLDER/i2.bin" --encoding '<i2'
convert "$FOLDER/i2.wav" --encoding i2
pair 0.9 $((samples * 2)) 'WAV int16' "$FOLDER/i2.wav" "$FOLDER/i2.bin" --dtype '<i2'
rm "$FOLDER"/i2.*

echo "miniSEED, 2^25 counts in Steim2, beside libmseed's own reader with one thread"
head -c 134217728 "$native" >"$FOLDER/part.f32"
"$SEISVIEW" convert --encoding i4 "$FOLDER/part.f32" "$counts.bin" 2>/dev/null || exit 2
"$SEISVIEW" convert --dtype '<i4' --rate 100 --start 2026-01-01T00:00:00Z --encoding steim2 \
    "$counts.bin" "$FOLDER/counts.mseed" 2>/dev/null || exit 2
"$BENCH/pairs" --pairs "$PAIRS" --goal 1.9 --names 'seisview stats,libmseed' \
    -- "$SEISVIEW" stats --threads "$THREADS" --json "$FOLDER/counts.mseed" \
    -- "$BENCH/unpack" "$FOLDER/counts.mseed" || worst=$?
"$BENCH/pack" "$FOLDER/part.f32" 512 4 >"$FOLDER/part.mseed" || exit 2
echo "miniSEED, 2^25 float32 in records of 512 bytes, beside libmseed's own reader with one thread"
"$BENCH/pairs" --pairs "$PAIRS" --goal 2 --names 'seisview stats,libmseed' \
    -- "$SEISVIEW" stats --threads "$THREADS" --json "$FOLDER/part.mseed" \
    -- "$BENCH/unpack" "$FOLDER/part.mseed" || worst=$?
rm "$FOLDER"/counts.* "$FOLDER"/part.* "$native"

echo "10,000 SAC files of 1,000 samples in one call (a goal of one second)"
mkdir "$FOLDER/days"
"$BENCH/fill" "$FOLDER/day.f32" 4000 && "$SEISVIEW" convert "$FOLDER/day.f32" "$FOLDER/day.sac" \
    2>/dev/null || exit 2
i=0
while [ $i -lt 10000 ]; do
    cp "$FOLDER/day.sac" "$FOLDER/days/$i.sac" || exit 2
    echo "$FOLDER/days/$i.sac"
    i=$((i + 1))
done >"$FOLDER/days.txt"
"$BENCH/pairs" --pairs "$PAIRS" --names 'seisview stats' \
    -- "$SEISVIEW" stats --json "@$FOLDER/days.txt" || worst=$?
rm -r "$FOLDER/days"
exit "$worst"
