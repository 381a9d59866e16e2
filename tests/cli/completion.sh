# The bash completion offers the commands, their options and the words that options take.
: "${SEISVIEW:?the program}" "${top_srcdir:?the folder of the source}"
# shellcheck source=completions/bash/seisview
. "$top_srcdir/completions/bash/seisview"

failures=0

# expect "WORDS OFFERED" WORD...: what is offered for the last of the words.
expect()
{
    local wanted=$1 count
    shift
    COMP_WORDS=(seisview "$@")
    count=${#COMP_WORDS[@]}
    COMP_CWORD=$((count - 1))
    _seisview "$SEISVIEW" "${COMP_WORDS[count - 1]}" "${COMP_WORDS[count - 2]}"
    if [ "${COMPREPLY[*]}" != "$wanted" ]; then
        echo "FAIL: seisview $*: '${COMPREPLY[*]}' instead of '$wanted'" >&2
        failures=$((failures + 1))
    fi
}

expect 'stats' s
expect 'dump' help du
expect '--format' stats --fo
expect '--csv' info --cs
expect '--join' dump --jo
expect '--quantiles' stats --qua
expect '' info --fail
expect 'interleaved' stats --layout i
expect 'map' stats --io = m
expect 'auto map read direct' stats --io =
expect 'always never' stats --progress ''
expect 'convert corr' co
expect '--to-format' convert --to-
expect 'segy' convert --to-format seg
expect 'steim1 steim2' convert --encoding st
expect '--output' bench --ou
expect 'numpy' bench --against n
expect '' stats quake

[ "$failures" -eq 0 ]
