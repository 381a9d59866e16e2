# Bad input: one clear line, the status of the contract, nothing on the output that could be taken
# for a result.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

samples '<f4' 1 2 3 4 5 6 >six.bin

# ---- files ---------------------------------------------------------------------------------------

for command in stats info dump; do
    check "$command: a missing file"
    run $command nowhere.bin
    refused 2 'nowhere.bin: it cannot be opened'

    check "$command: an empty file"
    run $command "$DATA/hostile/empty.bin"
    refused 2 'empty'

    check "$command: less than a sample"
    run $command "$DATA/hostile/one_byte.bin"
    refused 2 'no whole sample'

    check "$command: a directory"
    run $command .
    refused 2 .

    check "$command: no file"
    run $command
    refused 1 "no file is named; see: seisview help $command"

    check "$command: planar samples that do not divide by the channels"
    run $command --channels 4 --layout planar six.bin
    refused 2 'do not divide by 4 channels'

    check "$command: a header longer than the file"
    run $command --skip 1000 six.bin
    refused 2 'leaves no sample'

    check "$command: more channels than samples"
    run $command --channels 7 six.bin
    refused 2 'no whole sample for each channel'

    check "$command: sizes that overflow"
    run $command --channels 9223372036854775807 --dtype '<f8' six.bin
    refused 2 'do not fit in 64 bits'

    check "$command: bytes left over"
    run $command "$DATA/hostile/odd_size.bin"
    exits 0
    says '3 bytes are left over'

    check "$command: a file that is not understood"
    printf 'this is no recording\n' >text
    run $command text
    refused 2 'text: '

    check "$command: an unreadable name"
    run $command ''
    refused 2 'it cannot be opened'

    check "$command: a name as long as no name can be"
    run $command "$(printf 'x%.0s' {1..5000})"
    refused 2 'it cannot be opened'
done

check 'an unreadable file'
if [ "$(id -u)" -ne 0 ]; then
    cp six.bin closed.bin
    chmod a-r closed.bin
    run stats closed.bin
    refused 2 'closed.bin: it cannot be opened: Permission denied'
else
    # Root may read everything: somebody else tries, who needs a program he can reach.
    cp "$SEISVIEW" seisview
    cp six.bin closed.bin
    chmod go-r closed.bin
    chmod a+rx . seisview
    setpriv --reuid 65534 --clear-groups ./seisview stats closed.bin >out 2>err
    status=$?
    refused 2 'closed.bin: it cannot be opened: Permission denied'
fi

check 'a device'
run stats /dev/null
refused 2 'neither a file nor a pipe'

check 'a SAC header that lies about its length'
run stats --json "$DATA/hostile/header_lies.sac"
exits 2
says '999750 of the 1000000 samples'
has 1 num_samples=250 complete=false

check 'half a SAC header'
head -c 300 "$DATA/hostile/header_lies.sac" >half.sac
run stats half.sac
refused 2 half.sac

check 'the wrong byte order'
run stats --json "$DATA/hostile/wrong_order.bin"
exits 0
says "--dtype '>f4'"

for file in all_nan infinities denormals constant zeros; do
    check "$file"
    run stats --json "$DATA/hostile/$file.bin"
    exits 0
    says_nothing
    has 1 num_samples=1000 complete=true
done

check 'all NaN leaves nothing to measure'
run stats --json "$DATA/hostile/all_nan.bin"
has 1 num_nan=1000 sample_mean=null sample_max_abs=null

check 'the deviation of a constant is 0'
run stats --json "$DATA/hostile/constant.bin"
has 1 sample_stdev=0 longest_flat=1000 longest_flat_index=0

check 'an empty standard input'
run stats - </dev/null
exits 2
prints_nothing

check 'a side file that is no JSON'
cp six.bin broken.bin
printf '{' >broken.sigmf-meta
run stats broken.bin
exits 2
prints_nothing

# ---- options -------------------------------------------------------------------------------------

# wrong 'WHAT IS SAID' OPTION...: refused before a file is looked at.
wrong()
{
    local said=$1
    shift
    check "wrong usage: $*"
    run "$@" nowhere.bin
    refused 1 "$said"
}

wrong "there is no command 'measure'" measure
wrong "there is no option '--json'" --json
wrong '--what: there is no such option' stats --what
wrong '-x: there is no such option' stats -x
wrong '--hex: there is no such option' stats --hex
wrong '--json: there is no such option' dump --json
wrong '--fail-on: there is no such option' info --fail-on 'num_nan>0'
wrong '--json=yes: it takes no argument' stats --json=yes
wrong 'there is no such format' stats --format cassette
wrong '--dtype f5' stats --dtype f5
wrong '--channels 0: that is no number of channels' stats --channels 0
wrong '--channels -3' stats --channels -3
wrong '--channels 2.5' stats --channels 2.5
wrong '--channels 99999999999999999999' stats --channels 99999999999999999999
wrong '--layout diagonal: there is no such layout' stats --layout diagonal
wrong '--rate 0: that is no sample rate' stats --rate 0
wrong '--rate nan' stats --rate nan
wrong '--rate inf' stats --rate inf
wrong '--rate 1,5' stats --rate 1,5
wrong '--rate : that is no sample rate' stats --rate ''
wrong '--start yesterday: that is no time' stats --start yesterday
wrong '--start 2026-02-30T00:00:00Z' stats --start 2026-02-30T00:00:00Z
wrong '--start 3000-01-01T00:00:00Z: that time is outside' stats --start 3000-01-01T00:00:00Z
wrong '--skip -1' stats --skip -1
wrong '--from later' stats --from later
wrong '--to 12.5' stats --to 12.5
wrong 'the window holds no sample' stats --from 10 --to 5
wrong 'the window holds no sample' dump --from 10 --to 10
wrong '--channel 5-3' stats --channel 5-3
wrong '--threads 0' stats --threads 0
wrong '--threads 100000' stats --threads 100000
wrong '--io pigeon: there is no such way' stats --io pigeon
wrong '--progress maybe: give always or never' stats --progress maybe
wrong '--json and --csv exclude each other' stats --json --csv
wrong '--hex and --raw exclude each other' dump --hex --raw
wrong "there is no key 'num_nans'" stats --fail-on 'num_nans>0'
wrong 'that is no condition' stats --fail-on num_nan
wrong 'that is no condition' stats --fail-on 'num_nan=0'
wrong 'there is nothing to compare with' stats --fail-on 'num_nan>'
wrong "'few' is no number" stats --fail-on 'num_nan<few'
wrong "'nan' is no number" stats --fail-on 'sample_mean==nan'
wrong 'null is in no order' stats --fail-on 'sample_mean<null'
wrong 'text is in no order' stats --fail-on 'format>raw'
wrong "'yes' is neither true nor false" stats --fail-on 'complete==yes'
wrong "'noon' is no time" stats --fail-on 'start>noon'

check 'an option without its argument'
run stats --rate
refused 1 '--rate: its argument is missing'

check 'raw options for a recording that is not raw'
run stats --format sac --dtype '<f4' "$DATA/hostile/header_lies.sac"
refused 1 raw

# ---- lists ---------------------------------------------------------------------------------------

check 'a missing list'
run stats @nowhere
refused 2 '@nowhere: the list cannot be opened'

check 'an empty list'
: >list
run stats @list
refused 1 'no file is named'

check 'a list that is a directory'
run stats @.
refused 2 '@.: the list cannot be read'

finish
