#!/bin/sh
# A disk that is full when the journal, a large result, the log or results.h5 is written ends the run with
# exit status 4; nothing that was done is lost, and with more room it goes on to the same bytes.
. "$(dirname "$0")/lib.sh"
. "$LODE_SOURCE/tests/e2e/faults.sh"

mkdir disk
mount -t tmpfs -o size=64k tmpfs disk 2>/dev/null || skip "no tmpfs can be mounted here (needs root)"
trap 'umount -l "$work/disk"; leave' EXIT

# small SIZE: an empty disk of that size; larger SIZE: room for what is there.
small() {
    rm -rf disk/* && larger "$1"
}
larger() {
    mount -o "remount,size=$1" disk
}

# full COMMAND: it ends with 4, names the disk, and says how to go on.
full() {
    code=0
    "$@" -o disk/r 2>said || code=$?
    cat said
    [ "$code" -eq 4 ] && grep -qi 'no space left' said && grep 'to go on: lode run --resume disk/r' said
}

# goes_on LIKE: with more room, to the bytes of that run.
goes_on() {
    larger 200m && "$LODE_FAULTS" run --resume disk/r --local 3 && results disk/r >found.sums &&
        results "$1" >wanted.sums && cmp wanted.sums found.sums && nothing_left_running &&
        [ ! -e disk/r/journal ] && [ -z "$(find disk -name '*.tmp-*')" ]
}
done_in() {
    awk -F, -v epoch="$1" '$5 == "ok" && $15 == epoch' disk/r/log/tasks.csv | wc -l
}

heavy="$LODE_FAULTS run faults web.lode --set tasks=60 --local 3"
expect "the journal: results of 20 KB on a disk of 600 KB" "
    small 600k
    full $heavy --set result_bytes=20000
    ls -l disk/r disk/r/journal
    first=\$(done_in 1)
    test \$first -ge 10
    goes_on calm
    test \$(done_in 2) -lt \$((60 - first + 20))"
expect "a large result, which its worker writes: the task fails, the run says why" "
    small 20m
    full $heavy --set result_bytes=2000000
    first=\$(done_in 1)
    test \$first -ge 3
    goes_on calm
    test \$(done_in 2) -le \$((60 - first + 20))"
expect "a disk that fills up while the run is under way: whatever comes first" "
    small 2m
    $heavy --set sleep_ms=60 -o disk/r 2>said &
    run=\$!
    wait_until '[ -e disk/r/log/tasks.csv ] && [ \$(ended disk/r) -ge 6 ]'
    cat /dev/zero >disk/filler 2>filled || true
    code=0
    wait \$run || code=\$?
    cat said
    test \$code -eq 4
    grep 'to go on: lode run --resume disk/r' said
    rm disk/filler
    goes_on calm"

# results.h5 of a real analysis is larger than all that the run leaves before it.
lode run opportunities web.lode -o o --local 2 --quiet || exit 1
results_kb=$(($(stat -c %s o/results.h5) / 1024))
expect "results.h5 of $results_kb KB on a disk with room for the rest: root steps are done again" "
    small \$(($results_kb / 2 + 200))k
    code=0
    lode run opportunities web.lode --local 2 -o disk/r 2>said || code=\$?
    cat said
    ls -l disk/r
    test \$code -eq 4
    test ! -e disk/r/results.h5
    grep 'to go on: lode run --resume disk/r' said
    goes_on o"
expect "a disk without room for anything: nothing is begun, nothing is left" "
    small 64k
    dd if=/dev/zero of=disk/filler bs=4k 2>filled || true
    code=0
    $heavy -o disk/r 2>said || code=\$?
    cat said
    test \$code -eq 4
    test ! -e disk/r"

finish
