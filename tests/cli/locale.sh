# Numbers have a point, written and read, where the locale has a comma.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

mkdir locales
localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8 2>err || localedef --version >/dev/null 2>&1 ||
    skip 'localedef is missing'
[ -d locales/de_DE.UTF-8 ] || skip 'the locale de_DE cannot be made'
samples '<f4' 0.5 -1.25 1e-9 >a.bin

for command in 'stats --json' 'stats --csv' 'stats' 'info --csv' 'dump'; do
    check "$command in a locale with a comma"
    # shellcheck disable=SC2086
    run $command --rate 12.5 --to 0.16s a.bin
    exits 0
    cp out expected
    # shellcheck disable=SC2086
    LOCPATH=$PWD/locales LC_ALL=de_DE.UTF-8 run $command --rate 12.5 --to 0.16s a.bin
    cmp -s expected out || fail 'other output'
done

check 'a comma is no point'
LOCPATH=$PWD/locales LC_ALL=de_DE.UTF-8 run stats --rate 12,5 a.bin
refused 1 '--rate 12,5: that is no sample rate'

finish
