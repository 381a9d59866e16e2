# seisview bench: what is compared, what it counts, what it draws. The times are not looked at.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

keys='file operation method program size_bytes bytes_copied num_allocations num_rounds seconds
seconds_least seconds_most ratio ratio_least ratio_most ceiling_seconds ceiling_seconds_least
ceiling_seconds_most share_of_ceiling'

cp "$DATA/quake.bin" "$DATA/quake.sigmf-meta" .
mkdir scratch
export TMPDIR=$work/scratch

# The lines as "operation method program size_bytes bytes_copied".
lines()
{
    sed -E 's/.*"operation":"([a-z_]*)","method":"([a-z_]*)","program":"([a-z]*)","size_bytes":([0-9]*),"bytes_copied":([0-9a-z]*),.*/\1 \2 \3 \4 \5/' out
}

check 'what is compared, and what is copied'
run bench --json quake.bin
exits 0
says_nothing
lines >found
cat >expected <<'END'
slice view seisview 1024 0
slice copy seisview 1024 1024
slice view seisview 4096 0
slice copy seisview 4096 4096
slice view seisview 16384 0
slice copy seisview 16384 16384
slice view seisview 65536 0
slice copy seisview 65536 65536
statistics map seisview 144000 0
statistics chunks seisview 144000 144000
statistics read_all seisview 144000 144000
channel strided seisview 48000 0
channel deinterleave seisview 48000 48000
edit in_place seisview 144000 0
edit copy seisview 144000 288000
edit_window in_place seisview 65536 0
edit_window copy seisview 65536 288000
END
diff -u expected found >&2 || fail 'other lines'

check 'a view allocates nothing, a copy once'
for line in 1 3 5 7; do
    has $line num_allocations=0 share_of_ceiling=null ratio=1
    has $((line + 1)) num_allocations=1
done
has 16 num_allocations=1
has 17 num_allocations=1

check 'the recording is as it was, and the scratch files are gone'
cmp -s quake.bin "$DATA/quake.bin" || fail 'it was written'
[ -z "$(ls -A scratch)" ] || fail "$(ls -A scratch)"

check 'times are in order'
awk -F '[:,]' '{ for (i = 1; i < NF; i++) value[$i] = $(i + 1)
    if (!(value["\"seconds_least\""] > 0 && value["\"seconds_least\""] <= value["\"seconds\""] &&
          value["\"seconds\""] <= value["\"seconds_most\""])) exit 1 }' out || fail 'they are not'

check 'CSV has the keys in their order'
run bench --csv quake.bin
exits 0
# shellcheck disable=SC2086
[ "$(head -n 1 out)" = "$(printf '%s,' $keys | sed 's/,$//')" ] || fail 'other keys'
[ "$(wc -l <out)" -eq 18 ] || fail 'other lines'

check 'the table'
run bench quake.bin
exits 0
grep -q '^program seisview$' out || fail 'what all lines share is not above'
grep -q '^slice  *view  *64 KiB  .* ns .* 1\.00  *0 B  *0 ' out || fail 'no line of a view'

check 'one sample, and planar channels: neither slices nor a channel'
samples '<f4' 1 >one.bin
run bench --json one.bin
exits 0
lines >found
printf '%s\n' 'statistics map seisview 4 0' 'statistics chunks seisview 4 4' \
    'statistics read_all seisview 4 4' | diff -u - found >&2 || fail 'other lines'
run bench --json --layout planar quake.bin
exits 0
lines | grep -q channel && fail 'there is a channel'
lines | grep -qx 'statistics read_all seisview 144000 144000' || fail 'not all samples'

check 'traces with headers between them: what is read all contains these'
run convert --to-format segy quake.bin quake.segy
run bench --json quake.segy
exits 0
lines | grep -qx 'statistics map seisview 144000 0' || fail 'not in place'
lines | grep -qx 'statistics read_all seisview 144000 144480' || fail 'other bytes'

check 'samples that are decoded have no view'
run convert --encoding steim2 --to-format mseed quake.bin quake.mseed
run bench --json quake.mseed
exits 0
says 'there is no view'
lines | grep -q statistics && fail 'there are statistics'
lines | grep -q slice || fail 'there are no slices'

check 'files that cannot be measured'
: >empty.bin
run bench empty.bin
refused 2 'empty.bin: '
echo nothing >nothing.txt
run bench nothing.txt
refused 2 'nothing.txt: '
run bench nowhere.bin
refused 2 'nowhere.bin: '

check 'a header that says there are no samples'
head -c 0 quake.bin >none
run convert --force --from 0 --to 1 quake.bin some.npy
sed "s/(3, 1)/(3, 0)/" some.npy | head -c 128 >none.npy
run bench none.npy
exits 0
prints_nothing

check 'a recording that lacks samples'
run bench --json "$DATA/hostile/header_lies.sac"
exits 2
says 'are missing'
lines | grep -qx 'statistics map seisview 1000 0' || fail 'not the good part'

check 'wrong usage'
run bench
refused 1 'no file is named'
run bench quake.bin one.bin
refused 1 'bench takes one file'
run bench - <quake.bin
refused 1 'bench takes one file'
run bench --against obspy quake.bin
refused 1 '--against obspy: there is no such program'
run bench -o quake.txt quake.bin
refused 1 '--output quake.txt: its suffix does not say how to draw'
cp quake.bin recording.png
run bench --format raw -o recording.png recording.png
refused 1 'recording.png: it is the recording that is to be measured'
cmp -s quake.bin recording.png || fail 'it was written'

check 'pictures'
for suffix in png svg pdf; do
    run bench -o "bench.$suffix" quake.bin
    exits 0
    says_nothing
done
[ "$(head -c 4 bench.png | tail -c 3)" = PNG ] || fail 'no PNG'
head -c 100 bench.svg | grep -q '<?xml' || fail 'no SVG'
[ "$(head -c 5 bench.pdf)" = '%PDF-' ] || fail 'no PDF'

check 'a picture replaces what was there, or nothing'
echo precious >bench.PNG
run bench -o bench.PNG quake.bin
exits 0
[ "$(head -c 4 bench.PNG | tail -c 3)" = PNG ] || fail 'it was not replaced'
run bench --json -o nowhere/bench.png quake.bin
exits 2
says 'nowhere/bench.png: no file can be made'
[ "$(wc -l <out)" -eq 17 ] || fail 'the lines are missing'
compgen -G '.*.part' >/dev/null && fail 'something was left behind'

check 'no room for scratch files'
TMPDIR=$work/nowhere run bench --json quake.bin
exits 2
says 'let TMPDIR name a directory'
lines | grep -q channel || fail 'the other lines are missing'

check 'a file that is cut while it is measured'
truncate -s 64M cut.bin
rm -f err
"$SEISVIEW" bench --progress always cut.bin >out 2>err &
program=$!
while [ ! -s err ] && kill -0 "$program" 2>/dev/null; do
    sleep 0.01
done
truncate -s 5000 cut.bin
wait "$program"
status=$?
exits 2
tr '\r' '\n' <err | grep -q 'seisview: cut.bin: .* cut ' || fail 'it is not said'

# ---- NumPy, first a Python of our own

python()
{
    printf '%s\n' '#!/bin/sh' "$@" >python
    chmod +x python
}
export PYTHON=$work/python

check 'lines of NumPy stand behind those of the same work'
python "printf 'slice\tview\t4096\t7\t2e-7\t1e-7\t4e-7\n'" "printf 'walk\tdog\t1\t3\t1\t1\t1\n'"
run bench --against numpy --json quake.bin
exits 0
says_nothing
[ "$(wc -l <out)" -eq 18 ] || fail 'other lines'
has 5 'operation="slice"' 'method="view"' 'program="numpy"' size_bytes=4096 bytes_copied=null \
    num_allocations=null num_rounds=7 share_of_ceiling=null

check 'no NumPy, no Python, and one that fails'
python 'exit 9'
run bench --against numpy --json quake.bin
exits 2
says 'has no NumPy; install it'
[ "$(wc -l <out)" -eq 17 ] || fail 'the lines are missing'
python "printf 'failed\tMemoryError\tno room\n'" 'exit 1'
run bench --against numpy --json quake.bin
exits 2
says 'failed: MemoryError'
PYTHON=$work/nowhere run bench --against numpy --json quake.bin
exits 2
says 'cannot be started: No such file'

check 'a signal ends it all'
# shellcheck disable=SC2016
python 'echo $$ >child' 'exec sleep 60'
"$SEISVIEW" bench --against numpy quake.bin >out 2>err &
program=$!
while [ ! -s child ] && kill -0 "$program" 2>/dev/null; do
    sleep 0.01
done
kill -TERM "$program"
wait "$program"
status=$?
exits 143
says 'stopped by SIGTERM'
kill -0 "$(cat child)" 2>/dev/null && fail 'Python goes on'
[ -z "$(ls -A scratch)" ] || fail "$(ls -A scratch)"

check 'the real NumPy'
for PYTHON in python3 /usr/bin/python3; do
    "$PYTHON" -c 'import numpy' 2>/dev/null && break
done
if "$PYTHON" -c 'import numpy' 2>/dev/null; then
    run bench --against numpy --json quake.bin
    exits 0
    says_nothing
    lines | grep seisview | sed 's/ [^ ]*$//; s/seisview/numpy/' | sort >expected
    lines | grep numpy | sed 's/ [^ ]*$//' | sort | diff -u expected - >&2 || fail 'other lines'
    cmp -s quake.bin "$DATA/quake.bin" || fail 'it was written'
    [ -z "$(ls -A scratch)" ] || fail "$(ls -A scratch)"
else
    echo 'no NumPy: its own lines are not tested' >&2
fi

finish
