#!/bin/sh
# Every way to start a run gives the same result, and its exit status is the run's own.
. "$(dirname "$0")/lib.sh"

lode gen events --users 800 --seed 4 -o logs --quiet || exit 1
lode stage events logs/sessions.csv logs/events.csv -o web.lode --partition-bytes 200K --quiet || exit 1
lode run opportunities web.lode -o expected --local 1 --quiet || exit 1
results expected >expected.sums

# same_result COMMAND...: it makes the run `r`, with the expected bytes, and leaves no process
same_result() {
    rm -rf r
    "$@" || return 1
    json r/run.json '(d["workers"], d["exit_status"])'
    results r >found.sums
    cmp expected.sums found.sums && nothing_left_running
}
workers() {
    test "$(json r/run.json 'd["workers"]')" = "$1"
}

expect "by default, one worker per core" '
    same_result lode run opportunities web.lode -o r'
expect "--local 3" '
    same_result lode run opportunities web.lode -o r --local 3
    workers 3'
expect "mpirun -n 3: two workers" '
    same_result mpirun -n 3 lode run opportunities web.lode -o r
    workers 2'
expect "mpirun -n 1: the coordinator starts a worker itself" '
    same_result mpirun -n 1 lode run opportunities web.lode -o r
    workers 1'
expect "mpirun -n 2 with two workers to a rank" '
    same_result mpirun -n 2 lode run opportunities web.lode -o r --workers-per-rank 2
    workers 2'
expect "lode run -n 2 starts mpirun" '
    same_result lode run opportunities web.lode -o r -n 2
    workers 2'
expect "only the answer goes to standard output" '
    rm -rf r
    mpirun -n 3 lode run opportunities web.lode -o r >out 2>err
    test ! -s out
    rm -rf r
    lode run opportunities web.lode -o r -n 2 >out 2>err
    test ! -s out'

# a store whose last partition is damaged inside: found by a task, in the middle of the run
cp -r web.lode broken.lode
last=$(find broken.lode -name 'part-*.h5' | sort | tail -n 1)
size=$(wc -c <"$last")
dd if=/dev/zero of="$last" bs=1 seek=$((size / 4)) count=$((size / 2)) conv=notrunc 2>/dev/null

# ends COMMAND STATUS: the command's exit status, no run and no process left
ends() {
    rm -rf r
    code=0
    eval "$1" || code=$?
    echo "exit status $code, expected $2"
    [ "$code" -eq "$2" ] && [ ! -e r/results.h5 ] && nothing_left_running
}
for how in 'lode run opportunities STORE -o r --local 2' 'lode run opportunities STORE -o r -n 2' \
    'mpirun -n 3 lode run opportunities STORE -o r' 'mpirun -n 1 lode run opportunities STORE -o r'; do
    good=$(echo "$how" | sed s/STORE/web.lode/)
    broken=$(echo "$how" | sed s/STORE/broken.lode/)
    expect "exit status 2 of an unknown parameter: $good" "ends '$good --set kk=1' 2"
    expect "exit status 2 of an unknown KPI: $good" "ends '$good --set kpi=none' 2"
    expect "exit status 3 of a damaged store: $broken" "ends '$broken' 3"
done

# A run whose two workers are stopped (not ended) cannot end by itself: time enough for a signal.
# t0010 has all signals and ways to start; but mpirun lets workers continue before it passes one on.
# stop SIGNAL TIMES COMMAND...: sends it the signal; leaves its exit status in `status`. Once is a wish
# to finish what runs, so the workers then continue.
stop() {
    number=$1
    times=$2
    shift 2
    rm -rf r
    "$@" 2>said &
    run=$!
    while ! grep -qs ,ok, r/log/tasks.csv && kill -0 "$run" 2>/dev/null; do :; done
    stopped=$(workers_here)
    for pid in $stopped; do kill -STOP "$pid"; done
    kill "-$number" "$run"
    if [ "$times" = 2 ]; then
        until grep -q "once more to end now" said; do kill -0 "$run" || break; done
        kill "-$number" "$run"
    elif [ "$number" != 9 ]; then
        for pid in $stopped; do kill -CONT "$pid"; done
    fi
    status=0
    wait "$run" || status=$?
    cat said
    echo "exit status $status"
}
lode gen events --users 8000 --seed 4 -o many --quiet || exit 1
lode stage events many/sessions.csv many/events.csv -o many.lode --partition-bytes 500K --quiet || exit 1
many='opportunities many.lode -o r --set k=1..8 --set min_support=0 --set cohort_max_k=8'
expect "SIGTERM ends a run in good order with exit status 75 and leaves no process" "
    stop 15 1 lode run $many --local 2
    test \$status = 75
    nothing_left_running"
expect "SIGINT twice ends a run at once with exit status 130 and leaves no process" "
    stop 2 2 lode run $many --local 2
    test \$status = 130
    nothing_left_running"
expect "a coordinator that is killed leaves no process" "
    stop 9 1 lode run $many --local 2
    test \$status = 137
    nothing_left_running"

finish
