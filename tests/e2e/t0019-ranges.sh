#!/bin/sh
# However a file is cut into ranges, by border and worker, the store is the same to the last byte.
. "$(dirname "$0")/lib.sh"

lode gen events --users 400 --seed 5 -o logs --quiet || exit 1

# noted.csv: events with a note that holds line ends, quotes and separators, and some faulty rows
awk -F, -v OFS=, 'NR == 1 { print $0, "note"; next }
    NR % 97 == 0 { print $0; next }
    NR % 7 == 0 { print $0, "\"two\nlines\""; next }
    NR % 11 == 0 { print $0, "\"a,\"\"b\"\"\r\n,\"\"\n,,\n\""; next }
    NR % 13 == 0 { print $0, "5\" pipe"; next }
    { print $0, "\"" NR "\"" }' logs/events.csv >noted.csv

# stage_as NAME ARGUMENT...
stage_as() {
    name=$1
    shift
    lode stage events --partition-bytes 100K --max-rejects 5% --quiet "$@" -o "$name.lode"
}
# same STORE: as whole.lode, file by file
same() {
    diff -r whole.lode "$1.lode"
}

expect "one range a file" '
    stage_as whole logs/sessions.csv noted.csv --range-bytes 1G --local 1
    test -s whole.lode/rejects.jsonl'
expect "ranges of 64 KiB, 2 workers" '
    stage_as large logs/sessions.csv noted.csv --range-bytes 64K --local 2
    same large'
expect "ranges of 2039 bytes, 1 worker" '
    stage_as small logs/sessions.csv noted.csv --range-bytes 2039 --local 1
    same small'
expect "ranges of 5003 bytes, 3 workers by mpirun" '
    stage_as ranks logs/sessions.csv noted.csv --range-bytes 5003 -n 3
    same ranks'
expect "rejects have the lines of the file" '
    sed -n "s/.*\"noted.csv\",\"line\":\([0-9]*\),\"reason\":\"wrong number.*/\1/p" \
        whole.lode/rejects.jsonl | head -n 3 >lines
    test "$(wc -l <lines)" -eq 3
    while read -r line; do sed -n "${line}p" noted.csv; done <lines >rows
    awk -F, "NF != 4 { exit 1 }" rows || { cat rows; false; }'
expect "gzip is one range and gives the same partitions" '
    gzip -c noted.csv >noted.csv.gz
    stage_as packed logs/sessions.csv noted.csv.gz --range-bytes 2039 --partition-bytes 1G
    stage_as plain logs/sessions.csv noted.csv --range-bytes 2039 --partition-bytes 1G
    cmp packed.lode/part-00000.h5 plain.lode/part-00000.h5'

# an open quote far down: most ranges are read before that is known
(cat noted.csv; printf "s,u,1,e,x,\"open\n1,2\n") >open.csv
lines=$(wc -l <noted.csv)
refuse 3 "line $((lines + 1)): quote is never closed" \
    'stage_as refused logs/sessions.csv open.csv --range-bytes 4096'

# grow: appends to growing.csv for as long as the staging runs that it is given
grow() {
    cp noted.csv growing.csv
    "$@" &
    staging=$!
    while kill -0 "$staging" 2>/dev/null; do echo >>growing.csv; done
    wait "$staging"
}
touch growing.csv # it is there before and after
refuse 3 "growing.csv: changed while it was being staged" \
    'grow lode stage events logs/sessions.csv growing.csv -o grown.lode --local 2 --quiet'
finish
