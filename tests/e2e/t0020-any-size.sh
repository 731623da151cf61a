#!/bin/sh
# Staging 400 MB with 64 MB a worker: peak memory stays within budget + 10 %, under a real limit where
# one can be made, and the store is that of a large budget. The same when one user has 30 % of it.
. "$(dirname "$0")/lib.sh"
megabytes=400
budget_kib=65536
peak_kib=$((budget_kib * 110 / 100))
# both workers and, beside them, the coordinator
limit_kib=$((2 * peak_kib + 49152))

# limit_memory: a control group of the memory controller for this shell's children, or none: $group
limit_memory() {
    group=
    if [ -w /sys/fs/cgroup/memory/cgroup.procs ]; then
        group=/sys/fs/cgroup/memory/$(basename "$work")
        file=memory.limit_in_bytes
    elif grep -qs memory /sys/fs/cgroup/cgroup.subtree_control; then
        group=/sys/fs/cgroup/$(basename "$work")
        file=memory.max
    fi
    [ -n "$group" ] || return 0
    if ! mkdir "$group" 2>/dev/null || ! echo $((limit_kib * 1024)) >"$group/$file"; then
        rmdir "$group" 2>/dev/null
        group=
    fi
}
limit_memory
echo "# memory limit: ${group:-none can be made here, peaks are looked at only}"
trap 'leave; [ -z "$group" ] || rmdir "$group"' EXIT

# small STORE FILE: stages with 64M a worker in the group; peaks of all workers go to `peaks`
small() {
    sh -c '[ -z "$1" ] || echo $$ >"$1/cgroup.procs"
        exec lode stage events "$2" -o "$3" --local 2 --memory 64M --quiet' \
        sh "$group" "$2" "$1" &
    lode=$!
    : >samples
    while kill -0 "$lode" 2>/dev/null; do
        for worker in $(workers_here); do
            sed -n 's/^VmHWM:[ \t]*\([0-9]*\) kB/\1/p' "/proc/$worker/status" >>samples 2>/dev/null || : # it has ended
        done
        sleep 0.1 # looking at a process now and then
    done
    wait "$lode"
}

# within_budget: no worker was seen above its budget + 10 %
within_budget() {
    peak=$(sort -n samples | tail -n 1)
    echo "# peak of a worker: ${peak:-unknown} KiB of $peak_kib"
    [ -n "$peak" ] && [ "$peak" -le "$peak_kib" ]
}

for share in 0 0.3; do
    "$python" "$LODE_SOURCE/tests/e2e/many_events.py" events.csv "$megabytes" "$share" || exit 1
    expect "$megabytes MB are staged with 64M a worker; one user has $share of them" '
        small small.lode events.csv'
    cat "$log"
    expect "no worker took more than its budget and 10 %" within_budget
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
