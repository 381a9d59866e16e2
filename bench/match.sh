#!/bin/sh
# Claim: a hundred templates of 400 samples and three channels against a day at 100 Hz: 10 times as
# fast as the straightforward loop in the time domain with OpenMP, at -O3 -march=native, and twice as
# fast as the same loop with -ffast-math. The loops are timed on an hour and scaled to the day; they
# find the same. Whole processes of seisview, the loops alone of the peers. And at most 64 MiB of
# memory, templates included: for these, for a thousand templates, and for templates of a thousand
# channels. Run by bench/run.
hour=360000 day=8640000 threshold=0.5
export OMP_NUM_THREADS="$THREADS"
rounds=$([ "$PAIRS" -lt 3 ] && echo 1 || echo '1 2 3')
"$BENCH/match_data" "$FOLDER" "$day" || exit 2
files='' options=''
for i in $(seq 0 99); do
    files="$files $FOLDER/$i.f32"
    options="$options --template $FOLDER/$i.f32"
done

# match ARGUMENTS...: of the recording.
match()
{
    # shellcheck disable=SC2086
    "$SEISVIEW" match --channels 3 --rate 100 --threads "$THREADS" --csv $options "$@" \
        "$FOLDER/noise.f32"
}

median()
{
    sort -g | awk '{ x[NR] = $1 } END { print (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2 }'
}

# loop PROGRAM: the seconds of a day by up to three rounds of an hour.
loop()
{
    for round in $rounds; do
        # shellcheck disable=SC2086
        "$BENCH/$1" "$FOLDER/noise.f32" "$hour" "$threshold" $files 2>&1 >"$FOLDER/$1.$round" ||
            exit 2
    done | median | awk -v scale=$((day / hour)) '{ print $1 * scale }'
}

# seisview ARGUMENTS...: the seconds of a day by up to three rounds.
seisview()
{
    for round in $rounds; do
        began=$(date +%s%N)
        match "$@" >"$FOLDER/found.$round" || exit 2
        echo $((($(date +%s%N) - began) / 1000)) | awk '{ print $1 / 1e6 }'
    done | median
}

echo "100 templates of 400 samples × 3 channels, a day at 100 Hz, $THREADS threads"
ours=$(seisview --threshold "$threshold")
deviations=$(seisview)
worst=0
echo "  seisview match --threshold $threshold: $ours s; at 8 deviations: $deviations s"
for peer in 'match_loop 10' 'match_loop_fast 2'; do
    # shellcheck disable=SC2086
    set -- $peer
    seconds=$(loop "$1")
    ratio=$(awk -v a="$seconds" -v b="$deviations" 'BEGIN { print a / b }')
    verdict=$(awk -v a="$ratio" -v b="$2" 'BEGIN { print (a >= b ? "reached" : "missed") }')
    printf '  %s: an hour, scaled to the day: %.1f s; seisview at 8 deviations %.1f times as fast (goal %s, %s)\n' \
        "$1" "$seconds" "$ratio" "$2" "$verdict"
    [ "$verdict" = reached ] || worst=3
done

# holds WHAT ARGUMENTS...: seisview match's memory.
holds()
{
    echo "  $1"
    shift
    "$BENCH/memory" --limit 64 -- "$SEISVIEW" match --rate 100 --threads "$THREADS" "$@" ||
        { status=$?; [ "$worst" = 2 ] || worst=$status; }
}

# shellcheck disable=SC2086
{
    holds 'a day, at 8 deviations' --channels 3 $options "$FOLDER/noise.f32"
    thousand=$(for i in 1 2 3 4 5 6 7 8 9 10; do echo $options; done)
    holds 'a thousand templates, an hour' --channels 3 --to "$hour" $thousand "$FOLDER/noise.f32"
    das="--template $FOLDER/noise.f32@..400 --template $FOLDER/noise.f32@1000..1400"
    das="$das --template $FOLDER/noise.f32@2000..2400 --template $FOLDER/noise.f32@3000..3400"
    holds 'four templates of 1,000 channels × 400 samples, four minutes' --channels 1000 $das \
        "$FOLDER/noise.f32"
}

match --threshold "$threshold" --to "$hour" |
    sed -n 's|.*/\([0-9]*\)\.f32,[^,]*,\([0-9]*\),.*|\1 \2|p' | sort >"$FOLDER/ours"
for peer in match_loop match_loop_fast; do
    sort "$FOLDER/$peer.1" >"$FOLDER/theirs"
    if cmp -s "$FOLDER/ours" "$FOLDER/theirs"; then
        echo "  the same $(wc -l <"$FOLDER/ours") detections in the hour as $peer"
    else
        echo "  other detections in the hour than $peer"
        worst=2
    fi
done
exit "$worst"
