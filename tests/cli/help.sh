# What the program says of itself: help, version, and that help, man pages and completion agree.
# shellcheck source=tests/cli/lib.sh
. "${top_srcdir:?}/tests/cli/lib.sh"

check 'without arguments: the help, as wrong usage'
run
exits 1
says_nothing
matches help.txt

for arguments in help --help -h; do
    check "seisview $arguments"
    run $arguments
    exits 0
    says_nothing
    matches help.txt
done

check 'the help has three examples'
[ "$(sed -n '/^Examples/,$p' out | grep -c 'seisview stats')" -eq 3 ] || fail 'other examples'

check 'the version'
run --version
exits 0
grep -Eqx 'seisview [0-9]+\.[0-9]+\.[0-9]+' out || fail 'no version'

commands=$(sed -n 's/^SV_COMMAND(\([a-z]*\),.*/\1/p' "$top_srcdir/src/cli/commands.def")
[ -n "$commands" ] || fail 'there are no commands'
for command in $commands; do
    check "help of $command"
    run help "$command"
    exits 0
    says_nothing
    cp out expected
    grep -q "^seisview $command " out || fail 'no usage'
    awk 'length > 80 { exit 1 }' out || fail 'a line of more than 80 columns'
    for option in --help -h; do
        run "$command" $option
        exits 0
        cmp -s expected out || fail "$command $option says something else"
    done
    run help
    grep -q "^  $command " out || fail 'the help does not name it'
done

check 'help comes before what is wrong with the files'
run stats --help nowhere.bin
exits 0

check 'help of a command that there is not'
run help measure
refused 1 "there is no command 'measure'; see: seisview help"

check 'an option that begins as one'
samples '<f4' 1 2 3 >a.bin
run stats --js a.bin
exits 0
has 1 num_samples=3

check 'an option that begins as several'
run stats --ch 3 a.bin
refused 1 '--ch: there is no such option'

finish
