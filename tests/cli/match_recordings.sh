# seisview match on real recordings, where SEISVIEW_RECORDINGS names their folder: windows of them,
# and what convert makes of these, are found where they were taken.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

if [ ! -d "${SEISVIEW_RECORDINGS:-}" ]; then
    echo 'skipped: SEISVIEW_RECORDINGS does not name a folder of real recordings'
    exit 77
fi
obspy=$SEISVIEW_RECORDINGS/obspy libmseed=$SEISVIEW_RECORDINGS/libmseed

# finds RECORDING TEMPLATE KEY=VALUE...: one detection, with a coefficient of 1.
finds()
{
    local recording=$1 template=$2
    shift 2
    check "$template in $recording"
    run match --json --threshold 0.98 --template "$template" "$recording"
    exits 0
    says_nothing
    [ "$(wc -l <out)" -eq 1 ] || fail "$(wc -l <out) detections instead of one"
    has 1 cc=1 "$@"
}

sac=$obspy/CRLZ.HHZ.10.NZ.SAC
finds "$sac" "$sac@100s..104s" sample=10000 time='"2009-09-04T15:08:20.007Z"' \
    id='"NZ.CRLZ.10.HHZ"'
for template in window.sac window.mseed; do
    run convert --from 10000 --to 10400 "$sac" $template
    exits 0
    finds "$sac" $template sample=10000 time='"2009-09-04T15:08:20.007Z"'
done

steim=$obspy/timingquality.mseed
finds "$steim" "$steim@100s..104s" sample=20000 time='"2008-01-01T00:01:39.765Z"'
run convert --from 20000 --to 20800 "$steim" window.f32
finds "$steim" window.f32 sample=20000

finds "$libmseed/testdata-3channel-signal.mseed2" "$libmseed/testdata-3channel-signal.mseed2@2000..2300" \
    id='"IU.COLA.00.LH1"' sample=2000 time='"2010-02-27T07:23:20.069539Z"'

# Two channels that begin 88.6 seconds apart: the later one is the template's first where the
# template begins with a time, the earlier one where it begins with the recording.
two=$obspy/CH.BALST..LH_two_channels
finds "$two" "$two@2025-11-10T10:00:00Z..2025-11-10T10:05:00Z" id='"CH.BALST..LHE"' sample=35827 \
    time='"2025-11-10T10:00:00.205Z"'
finds "$two" "$two@..2025-11-10T00:10:00Z" id='"CH.BALST..LHZ"' sample=0 \
    time='"2025-11-10T00:01:24.58Z"'

# A channel with a sample missing, the eighteenth, where the function is not defined.
gaps=$obspy/ffbx_unrotated_gaps.mseed
run convert --channel BW.FFB3..BHZ --from 2016-03-11T11:34:44.5Z --to 2016-03-11T11:34:45.5Z \
    "$gaps" gap.mseed
exits 0
check 'beside a gap'
run match --json --threshold 0.9 --channel BW.FFB3..BHZ --template gap.mseed -o cc.npy "$gaps"
exits 0
says_nothing
[ "$(wc -l <out)" -eq 1 ] || fail "$(wc -l <out) detections instead of one"
has 1 cc=1 sample=1 time='"2016-03-11T11:34:44.5Z"'
run dump cc.npy
[ "$(wc -l <out)" -eq 42 ] || fail 'not as many positions as the channel and its gap have'
[ "$(head -n 18 out | sort -u)" = 0 ] || fail 'not 0 where a sample is missing'
[ "$(sed -n '20p' out)" = 1 ] || fail 'not 1 where it was taken'

check 'channels of two rates'
run match --template "$gaps@0s..1s" "$gaps"
refused 2 "channel 6 (BW.FFB1..BHZ) of the template has 40 Hz and the first one 200"

check 'another rate'
run match --template "$sac@100s..104s" "$steim"
refused 2 'channel 0 has 200 Hz and the template 100; resample one of them'

finish
