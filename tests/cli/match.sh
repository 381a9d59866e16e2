# seisview match: where recordings look like templates.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" .

check 'a window of the recording is found where it was taken, and the waves that are like it'
run match --template quake.bin@1s..3s --threshold 0.5 quake.bin
exits 0
says_nothing
matches match.txt
run match --template quake.bin@1s..3s --template quake.bin@3009..3409 --threshold 0.5 --json \
    quake.bin
exits 0
says_nothing
matches match.json
run match --template quake.bin@1s..3s --template quake.bin@3009..3409 --threshold 0.5 --csv quake.bin
exits 0
says_nothing
matches match.csv

check 'windows in samples, seconds and UTC are the same one'
for window in 3009..3409 30.09s..34.09s 2026-01-01T00:00:30.09Z..2026-01-01T00:00:34.09Z; do
    run match --json --threshold 0.9 --template "quake.bin@$window" quake.bin
    exits 0
    [ "$(wc -l <out)" -eq 1 ] || fail 'not one detection'
    has 1 file='"quake.bin"' id=null template="\"quake.bin@$window\"" \
        time='"2026-01-01T00:00:30.09Z"' sample=3009 cc=1
done
run match --json --threshold 0.99 --template quake.bin@..200 --template quake.bin@11900.. quake.bin
exits 0
has 1 sample=0 cc=1
has 2 sample=11900 cc=1

# A pulse of four samples in a recording of twelve: their coefficients are easy to tell.
samples '<f4' 0 1 -1 0 0 3 -3 0 7 7 7 7 >pulses.f32
samples '<f4' 0 1 -1 0 >pulse.f32
samples '<f4' 0 0 0 0 >flat.f32
samples '<f4' 5 >one.f32
samples '<f4' 0 nan 1 2 >nan.f32

check 'the scale does not matter; equal maxima are all found; what is constant is not'
run match --json --threshold 0.9 --template pulse.f32 pulses.f32
exits 0
[ "$(wc -l <out)" -eq 2 ] || fail 'not two detections'
has 1 sample=0 cc=1 time=null
has 2 sample=4 cc=1

check 'detections that are near to each other: the first of equal ones stays'
run match --json --threshold 0.9 --distance 4 --template pulse.f32 pulses.f32
[ "$(wc -l <out)" -eq 2 ] || fail 'four seconds apart is not closer than four'
run match --json --threshold 0.9 --distance 4.5 --template pulse.f32 pulses.f32
[ "$(wc -l <out)" -eq 1 ] || fail 'not one detection'
has 1 sample=0

check 'a window of the recording: indices count from its first sample all the same'
run match --json --threshold 0.9 --from 1 --template pulse.f32 pulses.f32
has 1 sample=4 cc=1
[ "$(wc -l <out)" -eq 1 ] || fail 'not one detection'

check 'the function, as NumPy reads it'
run match --threshold 0.9 -o cc.npy --template pulse.f32 --template pulses.f32@4..9 pulses.f32
exits 0
run dump cc.npy
exits 0
[ "$(wc -l <out)" -eq 9 ] || fail 'not as many positions as the shorter template has'
[ "$(sed -n 1p out | cut -f 1)" = 1 ] || fail 'not 1 at the first position'
[ "$(sed -n 9p out | cut -f 1)" = 0 ] || fail 'a constant window has not 0'
[ "$(sed -n 5p out)" = "$(printf '1\t1')" ] || fail 'the window is not alike to itself'
[ "$(sed -n 9p out | cut -f 2)" = 0 ] || fail 'not 0 where the longer template has no position'
run info --json cc.npy
has 1 shape='[2,9]' dtype='"<f4"'
[ "$(echo cc.npy*)" = cc.npy ] || fail 'something was left beside it'

check 'two channels that begin at different times, by their order and by a window'
samples '<f4' 1 9 5 9 2 9 0 2 0 7 0 1 0 4 >two.f32
run match --json --channels 2 --threshold 0.9 --template two.f32@1..5 two.f32
exits 0
has 1 sample=1 cc=1

check 'a raw template of another kind than the recording tells its format itself'
run convert --channels 2 --channel 0 two.f32 two.sac
run match --json --channels 2 --dtype '<f4' --threshold 0.9 --template two.sac@1..5 two.f32
exits 0
has 1 sample=1 cc=1

check 'a window of the recording has the channels that are chosen'
run match --json --channel 0,2 --threshold 0.9 --template quake.bin@3009..3409 quake.bin
exits 0
[ "$(wc -l <out)" -eq 1 ] || fail 'not one detection'
has 1 sample=3009 cc=1
run match --channel 7 --template quake.bin@3009..3409 quake.bin
refused 1 'the window of the template holds no sample'

check 'a template in every format that is written is the same one'
for template in window.sac window.mseed window.npy window.f32; do
    run convert --channel 0 --from 3009 --to 3409 quake.bin "$template"
    exits 0
    run match --json --rate 100 --channel 0 --threshold 0.9 --template "$template" quake.bin
    exits 0
    [ "$(wc -l <out)" -eq 1 ] || fail "not one detection of $template"
    has 1 template="\"$template\"" sample=3009 cc=1 time='"2026-01-01T00:00:30.09Z"'
done
run match --template window.npy --channel 0 quake.bin
refused 2 'template window.npy: channel 0 has 100 Hz and the template 1; resample one of them'

check 'the same for any number of threads, any way to read and any set of kernels'
run match --json --threads 1 --threshold 4mad -o one.npy --template quake.bin@1s..3s quake.bin
exits 0
mv out first
for threads in 2 5; do
    run match --json --threads "$threads" --threshold 4mad -o more.npy \
        --template quake.bin@1s..3s quake.bin
    cmp -s out first || fail "other detections with $threads threads"
    cmp -s one.npy more.npy || fail "another function with $threads threads"
done
for io in auto map read direct; do
    run match --json --io $io --threshold 4mad -o more.npy --template quake.bin@1s..3s quake.bin
    cmp -s out first || fail "other detections with --io $io"
    cmp -s one.npy more.npy || fail "another function with --io $io"
done
run match --explain --io read --threshold 4mad --template quake.bin@1s..3s quake.bin
grep -q ': 0 bytes mapped, [1-9][0-9]* copied$' err || fail 'not read by calls'
export SEISVIEW_KERNEL=reference
run match --json --threshold 4mad -o more.npy --template quake.bin@1s..3s quake.bin
unset SEISVIEW_KERNEL
cmp -s out first || fail 'other detections with the reference kernels'
cmp -s one.npy more.npy || fail 'another function with the reference kernels'

check '--explain: which way was taken and why; the threshold and the deviation it is made of'
run match --explain --threshold 6mad --template quake.bin@1s..3s --template quake.bin@5s..7s quake.bin
exits 0
says '2 templates at 11801 positions by overlap-save with transforms of' \
    'template quake.bin@1s..3s: threshold ' 'template quake.bin@5s..7s: threshold ' \
    ' transforms in 2 passes; 0 coefficients summed one by one' \
    ' bytes mapped, 0 copied' ' coefficients a second, ' \
    'quake.bin: raw, 140.6 KiB' ' of anonymous memory at most'
grep -q 'products in the time domain at [0-9.]* ns$' err || fail 'not what the other way costs'
awk '/: template quake.bin@.*: threshold/ {
    seen++
    for (i = 1; i < NF; i++) {
        threshold = $i == "threshold" ? $(i + 1) + 0 : threshold
        deviation = $i == "of" ? $(i + 1) + 0 : deviation
    }
    wrong += !(deviation > 0 && threshold / deviation > 5.9999 && threshold / deviation < 6.0001)
} END { exit !(seen == 2 && wrong == 0) }' err || fail 'no line for each template'
run match --explain --threshold 0.9 --template quake.bin@1s..1.1s quake.bin
exits 0
says '1 template at 11991 positions by products in the time domain: estimated at ' \
    '0 transforms in 1 pass; 0 coefficients summed one by one' ' bytes mapped, 0 copied' \
    ' coefficients a second, ' \
    'quake.bin: raw, 140.6 KiB' ' of anonymous memory at most'
grep -q 'overlap-save with transforms of 256 numbers at [0-9.]* ns$' err || fail 'no other way'

check 'a threshold that no coefficient reaches finds nothing'
run match --threshold 1000mad --template quake.bin@1s..3s quake.bin
exits 0
prints_nothing
says_nothing

check 'several files, one of which is missing'
run match --json --threshold 0.9 --template pulse.f32 nowhere.f32 pulses.f32
exits 2
says 'nowhere.f32: it cannot be opened'
[ "$(wc -l <out)" -eq 2 ] || fail 'the other file was not matched'

check 'what cannot be a template'
run match quake.bin
refused 1 'match needs a template; name one with --template'
run match --template nowhere.f32 pulses.f32
refused 2 'nowhere.f32: it cannot be opened'
run match --template flat.f32 pulses.f32
refused 2 'flat.f32: channel 0 of the template is constant, which correlates with nothing'
run match --template one.f32 pulses.f32
refused 2 'one.f32: channel 0 of the template has 1 samples; give it two at least'
run match --template nan.f32 pulses.f32
refused 2 'nan.f32: channel 0 of the template has NaN or infinities'
: >empty.f32
run match --template empty.f32 pulses.f32
refused 2 'empty.f32: '
run match --template pulses.f32@20..30 pulses.f32
refused 1 'the window of the template holds no sample'
run match --template pulses.f32@1..x pulses.f32
refused 1 "--template pulses.f32@1..x: 'x' is no position"

check 'templates that do not go with the recording'
run match --template pulses.f32 pulse.f32
refused 2 'pulse.f32: template pulses.f32: the template is longer than the recording: 12 samples'
run match --template quake.bin@1s..3s pulses.f32
refused 2 'the template has 3 channels and the recording 1'
run convert --channel 0 quake.bin quake.sac
run match --template quake.sac@1s..1.05s two.f32
refused 2 'channel 0 has 1 Hz and the template 100; resample one of them'

check 'options that make no sense'
for threshold in 0 -1 1.5 0mad x mad '' nanmad; do
    run match --threshold "$threshold" --template pulse.f32 pulses.f32
    refused 1 "--threshold $threshold: that is no threshold"
done
for distance in -1 x '' inf; do
    run match --distance "$distance" --template pulse.f32 pulses.f32
    refused 1 "--distance $distance: that is no number of seconds"
done
run match -o cc.png --template pulse.f32 pulses.f32
refused 1 '--output cc.png: the function is written as'
run match -o cc.npy --template pulse.f32 pulses.f32 pulses.f32
refused 1 '-o takes the function of one recording'

check 'a place where nothing can be written'
run match -o nowhere/cc.npy --template pulse.f32 pulses.f32
refused 2 'nowhere/cc.npy: it cannot be written'

finish
