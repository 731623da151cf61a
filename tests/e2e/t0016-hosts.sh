#!/bin/sh
# Several hosts: a run across them gives the same bytes, also when one is cut off and comes back.
# shellcheck disable=SC2086 # $faults is a command with its words
. "$(dirname "$0")/lib.sh"
. "$LODE_SOURCE/tests/e2e/hosts.sh"
: "${LODE_FAULTS:?LODE_FAULTS must name the program with the job faults}"

need_hosts
lode gen events --users 300 --seed 4 -o logs --quiet || exit 1
lode stage events logs/sessions.csv logs/events.csv -o web.lode --partition-bytes 200K --quiet || exit 1
faults="$LODE_FAULTS run faults web.lode --heartbeat 100ms --set tasks=60"
$faults -o calm --local 2 --set sleep_ms=5 --quiet || exit 1
results calm >calm.sums
hosts_up 3 || { echo "NOT OK - the hosts could not be made"; exit 1; }

# hosts_of RUN: the hosts whose workers handed in results
hosts_of() {
    lode export "$1" tasks | "$python" -c 'import csv, sys
print(*sorted({r["host"] for r in csv.DictReader(sys.stdin) if r["outcome"] == "ok"}))'
}
same() {
    results "$1" >found.sums
    cmp calm.sums found.sums
}

expect "mpirun across three hosts: workers in all, the same bytes" '
    on n0 mpirun -np 7 --map-by node $faults -o three --set sleep_ms=5
    same three
    test "$(hosts_of three)" = "n0 n1 n2"'

expect "lode run -n across three hosts" '
    on n0 env OMPI_MCA_rmaps_base_mapping_policy=node $faults -o own -n 6 --set sleep_ms=5
    same own
    test "$(hosts_of own)" = "n0 n1 n2"'

# busy RUN HOST: a worker of that host has handed in a result of the run under way
busy() {
    grep -qs ",ok,.*,$2," "$1/log/tasks.csv"
}
# cut_off_and_back: cuts n2 once it works, heals it once its workers are missed
cut_off_and_back() {
    on n0 mpirun --enable-recovery -np 7 --map-by node $faults -o cut --set sleep_ms=100 &
    run=$!
    while ! busy cut n2 && kill -0 $run 2>/dev/null; do :; done
    cut_host n2
    while ! grep -qs ",lost,.*,n2," cut/log/tasks.csv && kill -0 $run 2>/dev/null; do :; done
    heal_host n2
    # mpirun itself may not come back after a cut (it says nothing about the run either)
    while [ ! -e cut/results.h5 ] && kill -0 $run 2>/dev/null; do :; done
    while kill -0 $run 2>/dev/null && [ -e cut/endpoint ]; do :; done
    kill -9 $run 2>/dev/null
    wait $run || true
}
expect "a host is cut off in the middle and comes back: the same bytes" '
    cut_off_and_back
    same cut
    lode export cut tasks >tasks.csv
    grep -q ",lost,.*,n2," tasks.csv'
expect "its workers are taken in again, and work" '
    "$python" - tasks.csv <<"PYTHON"
import csv, sys
rows = [r for r in csv.DictReader(open(sys.argv[1])) if r["host"] == "n2"]
lost = max(float(r["start_ms"]) + float(r["duration_ms"]) for r in rows if r["outcome"] == "lost")
after = [r for r in rows if r["outcome"] == "ok" and float(r["start_ms"]) > lost]
print(len(after), "tasks after the cut")
sys.exit(not after)
PYTHON'

expect "a host that is cut off for good does not hold up lode run -n" '
    on n0 env OMPI_MCA_rmaps_base_mapping_policy=node $faults -o gone -n 6 --set sleep_ms=50 &
    run=$!
    while ! busy gone n2 && kill -0 $run 2>/dev/null; do :; done
    cut_host n2
    wait $run
    heal_host n2
    same gone'

expect "--interface opens a run of one host to workers of another" '
    on n0 $faults -o open --local 1 --interface 10.77.0.0/24 --set sleep_ms=50 &
    run=$!
    while [ ! -e open/endpoint ]; do :; done
    on n1 $LODE_FAULTS worker --join open --workers 2
    wait $run
    same open
    test "$(hosts_of open)" = "n0 n1"'

# an interface that others cannot reach, listed before the one that they can
ip -n "${hosts_prefix}n0" link add aaa0 type veth peer name aaa1 && ip -n "${hosts_prefix}n0" addr add 172.31.0.1/16 dev aaa0 &&
    ip -n "${hosts_prefix}n0" link set aaa0 up
expect "with several interfaces, workers find the one that answers" '
    on n0 mpirun -np 4 --map-by node $faults -o several --set sleep_ms=5
    same several
    test "$(hosts_of several)" = "n0 n1 n2"'
refuse 2 "eth0 .*10.77.0.1" 'on n0 $faults -o r --local 1 --interface eth7'

finish
