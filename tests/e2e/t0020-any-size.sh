#!/bin/sh
# Staging 400 MB with 64 MB a worker: peak memory stays within budget + 10 %, under a real limit where
# one can be made, and the store is that of a large budget. The same when one user has 30 % of it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/memory.sh"
megabytes=400
budget_kib=65536
peak_kib=$((budget_kib * 110 / 100))
# both workers and, beside them, the coordinator
limit_kib=$((2 * peak_kib + 49152))

limit_memory "$limit_kib"
echo "# memory limit: ${group:-none can be made here, peaks are looked at only}"

for share in 0 0.3; do
    "$python" "$LODE_SOURCE/tests/e2e/many_events.py" events.csv "$megabytes" "$share" || exit 1
    expect "$megabytes MB are staged with 64M a worker; one user has $share of them" '
        in_group lode stage events events.csv -o small.lode --local 2 --memory 64M --quiet'
    cat "$log"
    expect "no worker took more than its budget and 10 %" "within samples $peak_kib"
    sed -n '/^#/p' "$log"
    expect "the store has the bytes of one made with a large budget" '
        lode stage events events.csv -o large.lode --local 2 --memory 4G --quiet
        diff -r small.lode large.lode'
    rm -rf small.lode large.lode
done

expect "spills can go to another folder, and nothing stays there" '
    mkdir scratch
    head -c 30000000 events.csv | sed "\$d" >part.csv
    lode stage events part.csv -o there.lode --local 2 --memory 48M --scratch scratch --quiet
    [ -z "$(ls scratch)" ]
    lode stage events part.csv -o here.lode --local 2 --memory 4G --quiet
    diff -r here.lode there.lode'
refuse 2 'at least 48M' 'lode stage events part.csv -o x.lode --memory 47M'
refuse 2 'scratch nowhere: No such file' 'lode stage events part.csv -o x.lode --scratch nowhere'
finish
