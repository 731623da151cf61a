#!/bin/sh
# CSV is split, and read in rows, as by libcsv and Python's csv module: generated and all real files.
. "$(dirname "$0")/lib.sh"

oracles="$python $LODE_SOURCE/tests/oracle/oracles.py $LODE_SPLIT"

# a program that finds no difference may look at nothing: the same bytes, two records or one
expect "a difference is found and told" '
    printf "a,b\n1,\"2\" \n" >odd.csv
    not $oracles files odd.csv >told
    grep -q "record 1 is not as libcsv reads it" told
    grep -q "odd.csv: record 1 is not as Python reads it" told
    grep -q "odd.csv (rows): record 1 is not as Python reads it" told'

seed=${LODE_SEED:-1}
expect "generated files, seeds $seed to $((seed + 299)) (LODE_SEED)" '$oracles generated $seed 300'

if [ -d "$LODE_DATA" ]; then
    find "$LODE_DATA" -name "*.csv" | sort >files
    expect "$(wc -l <files) real files" '
        test -s files
        xargs $oracles files <files'
else
    skip "no real data in $LODE_DATA (set LODE_DATA to the folder that has it)"
fi
finish
