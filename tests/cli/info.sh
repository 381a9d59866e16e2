# seisview info: what a recording holds and how it lies in the file.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

keys='file format dtype byte_order id segment channel start end sample_rate num_samples shape
strides data_offset zero_copy num_segments num_gaps'

cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" "$DATA/hostile/header_lies.sac" .

check 'the table of a recording'
run info quake.bin
exits 0
says_nothing
matches info.txt

check 'JSON Lines'
run info --json quake.bin
exits 0
matches info.json

check 'CSV, where lists are quoted'
run info --csv quake.bin
exits 0
matches info.csv

check 'the keys are those of the contract, in their order'
# shellcheck disable=SC2086
[ "$(head -n 1 out)" = "$(printf '%s,' $keys | sed 's/,$//')" ] || fail 'other keys'

check 'the side file may be named instead'
run info --json quake.sigmf-meta
exits 0
has 1 file='"quake.sigmf-meta"' num_samples=12000 sample_rate=100

check 'options override the side file'
run info --json --rate 50 --start 2000-01-01T00:00:00Z --channels 1 --dtype '>i4' quake.bin
exits 0
has 1 dtype='">i4"' byte_order='"big"' num_samples=36000 sample_rate=50 \
    start='"2000-01-01T00:00:00Z"' shape='[1,36000]'

check 'one-byte samples have no byte order'
run info --json --format raw --dtype i1 quake.bin
has 1 dtype='"i1"' byte_order=null

check 'planar channels'
run info --json --layout planar quake.bin
has 1 shape='[3,12000]' strides='[48000,4]'

check 'a recording without a time'
run info --json - <quake.bin
exits 0
has 1 start=null end=null sample_rate=1 id=null

check 'a SAC recording that is not whole'
run info --json header_lies.sac
exits 2
says 'are missing'
has 1 format='"sac"' num_samples=250 data_offset=632 num_gaps=0

check 'several files'
run info --json quake.bin nowhere.bin quake.bin
exits 2
says 'nowhere.bin: it cannot be opened'
[ "$(wc -l <out)" -eq 6 ] || fail 'not both files'

finish
