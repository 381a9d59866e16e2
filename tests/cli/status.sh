# Exit statuses: each row of the contract's table, --fail-on, several files, lists.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" "$DATA/hostile/header_lies.sac" .
samples '<f4' 1 nan 3 >one.bin
: >empty.bin

# ---- the table -----------------------------------------------------------------------------------

check 'empty file'
run stats empty.bin
refused 2 'empty.bin: the file is empty'

check 'less than one whole sample'
head -c 3 one.bin >three.bin
run stats three.bin
refused 2 'three.bin: there is no whole sample'

check 'a whole header that says there are no samples'
# npts is word 79 of a SAC header.
{ head -c 316 header_lies.sac; printf '\0\0\0\0'; head -c 632 header_lies.sac | tail -c 312; } >none.sac
run stats --json none.sac
exits 0
has 1 num_samples=0 num_nan=0 sample_min=null sample_mean=null start=null complete=true
run dump none.sac
exits 0
prints_nothing
run info --json none.sac
exits 0
has 1 num_samples=0 shape='[1,0]'

check 'a window of a recording without samples'
run stats --from 0 none.sac
refused 1 'the window holds no sample'

check 'window without a sample in any file'
run stats --from 100 one.bin
refused 1 'one.bin: the window holds no sample'

check '--to before --from'
run stats --from 2 --to 1 one.bin
refused 1 'the window holds no sample'

check 'window that some files have'
run stats --json --from 100 one.bin quake.bin
exits 0
says 'one.bin: the window holds no sample'
has 1 file='"quake.bin"'

check 'window that reaches past the recording'
run stats --json --from 1 --to 100 one.bin
exits 0
says_nothing
has 1 num_samples=2

check 'bytes left over'
{ cat one.bin; printf 'xyz'; } >odd.bin
run stats --json odd.bin
exits 0
says 'odd.bin: 3 bytes are left over'
has 1 num_samples=3 complete=true

check 'planar raw that does not divide by --channels'
run stats --layout planar --channels 2 one.bin
refused 2 'one.bin: 12 bytes of planar samples do not divide'

check 'fewer samples than the header states'
for command in stats info; do
    run $command --json header_lies.sac
    exits 2
    says 'header_lies.sac: 999750 of the 1000000 samples'
    has 1 num_samples=250
done
run stats --json header_lies.sac
has 1 complete=false
run dump header_lies.sac
exits 2
[ "$(wc -l <out)" -eq 250 ] || fail 'not the good part'

check 'file not understood at all'
printf 'this is no recording\n' >text
run stats text
refused 2 'text: '

# ---- several files -------------------------------------------------------------------------------

check 'what fails does not keep the other files from being measured'
run stats --json one.bin nowhere.bin empty.bin quake.bin
exits 2
says 'nowhere.bin: it cannot be opened' 'empty.bin: the file is empty'
[ "$(wc -l <out)" -eq 5 ] || fail 'not the other files'

check 'options that make no sense for one file of two'
run stats --json --dtype '<f4' --format raw --from 2026-01-01T00:00:00Z one.bin quake.bin
exits 2
has 1 file='"quake.bin"'

check 'a list of files'
printf 'one.bin\n\nquake.bin\r\n' >list
run stats --json @list one.bin
exits 0
has 1 file='"one.bin"'
has 2 file='"quake.bin"'
has 6 file='"one.bin"'

check 'a list without a newline at its end'
printf 'one.bin' >list
run info --json @list
exits 0
has 1 file='"one.bin"'

check 'a list that names what is not there'
printf 'nowhere.bin\none.bin\n' >list
run stats --json @list
exits 2
says 'nowhere.bin: it cannot be opened'
has 1 file='"one.bin"'

check 'a file whose name begins as an option, and as a list'
cp one.bin ./-x.bin
cp one.bin ./@x.bin
run stats --json ./@x.bin -- -x.bin
exits 0
has 2 file='"-x.bin"'

check 'options after files'
run stats one.bin --json
exits 0
has 1 file='"one.bin"'

# ---- --fail-on -----------------------------------------------------------------------------------

# fails EXPR, holds EXPR: whether a row of one.bin (1 NaN 3) says yes.
fails()
{
    check "--fail-on $1"
    run stats --json --fail-on "$1" one.bin
    exits 3
    says "one.bin: $1 in 1 row, first in channel 0"
    [ -s out ] || fail 'no row is written'
}
holds()
{
    check "--fail-on $1"
    run stats --json --fail-on "$1" one.bin
    exits 0
    says_nothing
}

fails 'num_nan>0'
fails 'num_nan >= 1'
fails 'num_nan==1'
fails 'num_nan!=0'
fails 'num_nan<1e3'
fails 'num_nan<=1'
holds 'num_nan>1'
holds 'num_nan==0'
holds 'num_nan!=1'
holds 'num_nan<1'
fails 'sample_max>2.5'
holds 'sample_max<2.5'
fails 'sample_min==1'
fails 'id==null'
holds 'id!=null'
holds 'id==IU.ANMO.00.BHZ'
holds 'id!=IU.ANMO.00.BHZ'
holds 'start>2000-01-01T00:00:00Z'
fails 'start==null'
fails 'sample_min!=null'
holds 'sample_min==null'
fails 'complete==true'
holds 'complete!=true'
fails 'complete!=false'
fails 'format==raw'
fails 'dtype==<f4'
holds 'dtype!=<f4'
fails 'channel==0'
holds 'channel==all'
holds 'file==other.bin'
fails 'file==one.bin'

check '--fail-on, more than one'
run stats --json --fail-on 'num_nan>5' --fail-on 'num_inf==0' one.bin
exits 3
says 'num_inf==0'

check '--fail-on in some files'
run stats --json --fail-on 'num_nan>0' quake.bin one.bin
exits 3
says 'one.bin: num_nan>0 in 1 row'

check '--fail-on counts rows, the line for all channels too'
run stats --json --fail-on 'num_samples>0' quake.bin
exits 3
says 'quake.bin: num_samples>0 in 4 rows, first in channel 0'
run stats --json --fail-on 'num_samples>12000' quake.bin
says 'in 1 row, first in channel all'
run stats --json --fail-on 'channel==all' quake.bin
exits 3
run stats --json --fail-on 'channel>1' quake.bin
says 'in 1 row, first in channel 2'

check '--fail-on of a time'
run stats --json --channel 0 --fail-on 'start<2026-01-01T00:00:00.000000001Z' quake.bin
exits 3

check '2 outranks 3'
run stats --json --fail-on 'num_nan>0' one.bin nowhere.bin
exits 2

finish
