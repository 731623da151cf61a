#!/bin/sh
# A worker killed with SIGKILL in the middle of a run changes nothing in its result.
. "$(dirname "$0")/lib.sh"

# used_ticks PID: processor time of a process in hundredths of a second; 0 when it is gone
used_ticks() {
    if read -r line 2>/dev/null <"/proc/$1/stat"; then
        # shellcheck disable=SC2086 # fields; the name, "(lode)", has no blank
        set -- $line
        echo $((${14} + ${15}))
    else
        echo 0
    fi
}

# kill_a_worker_during COMMAND...: runs it and kills the first worker that has computed for 50 ms.
kill_a_worker_during() {
    "$@" &
    run=$!
    victim=
    while [ -z "$victim" ] && kill -0 "$run" 2>/dev/null; do
        for pid in $(workers_here); do
            if [ "$(used_ticks "$pid")" -ge 5 ]; then
                kill -9 "$pid" && victim=$pid
                break
            fi
        done
    done
    echo "killed: ${victim:-none}"
    wait "$run"
}

# rough NAME COMMAND...: kills a worker during the command until a task had to be repeated: the
# victim may just have handed in what it had. NAME is the run that the command makes.
rough() {
    name=$1
    shift
    for _ in 1 2 3 4 5; do
        rm -rf "$name"
        kill_a_worker_during "$@" || return 1
        lode export "$name" tasks >tasks.csv
        cut -d, -f1-6 tasks.csv | grep -v ,1,ok, || true
        attempts=$(repeated tasks.csv)
        [ "$attempts" -eq 0 ] || return 0
    done
    echo "no task was repeated in five tries"
    return 1
}

# repeated TASKS.CSV: how many attempts were lost, and done again with success
repeated() {
    "$python" -c 'import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
done = {(r["stage"], r["task"]) for r in rows if r["outcome"] == "ok"}
print(sum(r["outcome"] == "lost" and (r["stage"], r["task"]) in done for r in rows))' "$1"
}

lode gen events --users 12000 --seed 3 -o logs --quiet || exit 1

expect "input lies in at least 16 partitions" '
    lode stage events logs/sessions.csv logs/events.csv -o web.lode --partition-bytes 2M
    lode info web.lode --json >info.json
    test "$(json info.json "d[\"partitions\"]")" -ge 16
    digest web.lode >stored'

expect "a run that nobody disturbs" '
    lode run opportunities web.lode -o calm --local 3 --set k=1..4 --set min_support=0
    results calm >calm.sums
    lode export calm tasks >tasks.csv
    test "$(repeated tasks.csv)" -eq 0'

expect "the same bytes when a forked worker is killed, and a task was repeated" '
    rough killed lode run opportunities web.lode -o killed --local 3 --set k=1..4 --set min_support=0
    results killed >killed.sums
    cmp calm.sums killed.sums'

expect "the same bytes when a worker under mpirun is killed, and a task was repeated" '
    rough killed-mpi mpirun -n 4 lode run opportunities web.lode -o killed-mpi \
        --set k=1..4 --set min_support=0
    results killed-mpi >killed.sums
    cmp calm.sums killed.sums'

expect "the same bytes when a worker of lode run -n is killed, and a task was repeated" '
    rough killed-n lode run opportunities web.lode -o killed-n -n 3 --set k=1..4 --set min_support=0
    results killed-n >killed.sums
    cmp calm.sums killed.sums'

expect "the same store when a worker is killed while staging" '
    kill_a_worker_during lode stage events logs/sessions.csv logs/events.csv -o again.lode \
        --partition-bytes 2M --local 3
    digest again.lode >again
    cmp stored again'

expect "no process outlives its run" nothing_left_running

finish
