#!/bin/sh
# Every row of every reference answer on real sessions is reproduced (see tests/parity/parity.py).
. "$(dirname "$0")/lib.sh"
need_data events

# tables RUN: the tables that are compared, as CSV beside results.h5
tables() {
    for table in patterns cohorts summary; do
        lode export "$1" "$table" >"$1/$table.csv" || return 1
    done
}

for folder in "$LODE_DATA"/events/*/; do
    name=$(basename "$folder")
    sparse=30d # the gap after which a user counts as sparse, as the data set's reference has it
    [ "$name" != news_clicks ] || sparse=2d
    expect "$name: staged and analysed" '
        lode stage events "$folder/sessions.csv.gz" "$folder/events.csv.gz" -o "$name.lode"
        mpirun -n 3 lode run opportunities "$name.lode" -o "$name" --set k=1..4 \
            --set min_support=0 --set sparse_after=$sparse
        tables "$name"
        mpirun -n 3 lode run opportunities "$name.lode" -o "$name-loose" --set k=1..4 \
            --set min_support=0 --set min_share=0.01 --set min_ratio=1.2 --set cohort_patterns=off
        tables "$name-loose"'
    expect "$name: equal to the reference" '
        "$python" "$LODE_SOURCE/tests/parity/parity.py" "$folder" "$name" "$name-loose"'
    cat "$log" # a line per file with the rows that were compared
done

finish
