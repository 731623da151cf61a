#!/bin/sh
# Whatever goes wrong with a task or a worker: the same bytes, or the run says what is missing.
. "$(dirname "$0")/lib.sh"
. "$LODE_SOURCE/tests/e2e/faults.sh"

seed=${LODE_SEED:-$(date +%s)}
echo "# LODE_SEED=$seed"

local3="$LODE_FAULTS $faults --local 3"
mpirun4="mpirun -n 4 $LODE_FAULTS $faults"
n3="$LODE_FAULTS $faults -n 3"

# ends STATUS COMMAND...: makes the run `r` with that exit status; what it said is in `said`.
ends() {
    expected=$1
    shift
    rm -rf r
    code=0
    "$@" -o r 2>said || code=$?
    cat said
    [ "$code" -eq "$expected" ] || { echo "exit status $code, expected $expected"; return 1; }
}

expect "a task that takes its process down once" "
    ends 0 $local3 --set crash_once=0
    like_calm r
    some r 'task == 0 && attempt == 1 && outcome == \"lost\"'
    some r 'task == 0 && attempt == 2 && outcome == \"ok\"'"
expect "a task that aborts once" "
    ends 0 $local3 --set crash_once=0 --set signal=6
    like_calm r
    some r 'task == 0 && outcome == \"lost\"'"
expect "a task that hangs once is ended by its lease" "
    ends 0 $local3 --set hang_once=0
    like_calm r
    some r 'task == 0 && attempt == 1 && outcome == \"hung\"'
    some r 'task == 0 && attempt == 2 && outcome == \"ok\"'"
expect "a task that fails once is tried elsewhere" "
    ends 0 $local3 --set fail_once=30
    like_calm r
    failed=\$(awk -F, '\$3 == 30 && \$5 == \"failed\" { print \$7 }' r/log/tasks.csv)
    some r \"task == 30 && outcome == \\\"ok\\\" && place != \$failed\""

# Two of three workers have a slow task (30 s), so the third repeats first the one, then the other:
# when the first copy wins, the run is still there to see the slow attempt stop. The stubborn one does
# not stop, and is left behind.
for how in "$local3" "$mpirun4"; do
    name=$(echo "$how" | sed "s|$LODE_FAULTS $faults|lode|")
    expect "slow attempts are overtaken, stopped, and waited for by nobody: $name" "
        begin=\$(date +%s)
        ends 0 $how --set slow_once=0 --set stubborn=1
        test \$((\$(date +%s) - begin)) -lt 15
        like_calm r
        for task in 0 1; do some r \"task == \$task && attempt >= 2 && outcome == \\\"ok\\\"\"; done
        some r 'task == 0 && outcome == \"stopped\" && took > 2000'
        none r 'outcome == \"ok\" && took > 2000'"
done
for how in "$mpirun4" "$n3"; do
    name=$(echo "$how" | sed "s|$LODE_FAULTS $faults|lode|")
    expect "everything at once: $name" "
        ends 0 $how --set crash_once=0 --set hang_once=1 --set fail_once=2 --set slow_once=3
        like_calm r
        some r 'task == 0 && outcome == \"lost\"'
        some r 'task == 1 && outcome == \"hung\"'
        some r 'task == 2 && outcome == \"failed\"'"
done

# says_partition: the message names the task and what it reads.
says_partition() {
    grep -E "task 0 of 60 \(part-00000\.h5, sessions 0 to [0-9]+\)" said
}
# At least three: one that the task waited for may be taken for the culprit at first.
for how in "$local3" "$mpirun4" "$n3"; do
    name=$(echo "$how" | sed "s|$LODE_FAULTS $faults|lode|")
    expect "a task that takes three workers down fails the run, which names it: $name" "
        ends 1 $how --set crash=0
        says_partition
        grep 'was given up, it took its worker down each time: ' said
        for attempt in 1 2 3; do grep \"attempt \$attempt lost on worker\" said; done
        test \$(attempts r 'task == 0 && outcome == \"lost\"') -ge 3
        test ! -e r/results.h5
        nothing_left_running"
done
expect "a task that hangs every time, likewise" "
    ends 1 $local3 --set hang=0 --lease 500ms
    says_partition
    grep 'no progress for 0.5 s' said
    test \$(attempts r 'task == 0 && outcome == \"hung\"') -eq 3
    nothing_left_running"
for how in "$local3" "$mpirun4"; do
    name=$(echo "$how" | sed "s|$LODE_FAULTS $faults|lode|")
    expect "with --allow-partial the rest is there, and what is missing is said: $name" "
        ends 0 $how --set crash=0 --allow-partial
        nothing_left_running
        grep -E 'MISSING: .*task 0 of 60 \(part-00000\.h5' said
        test \"\$(json r/run.json '[(m[\"task\"], m[\"what\"][:35]) for m in d[\"missing\"]]')\" = \
            \"\$(json r/run.json '[(0, \"task 0 of 60 (part-00000.h5, sessio\")]')\"
        lode export calm faults | grep -v '^0,' >expected.csv
        lode export r faults >found.csv
        test \$(wc -l <found.csv) -eq 60
        cmp expected.csv found.csv"
done
expect "a task that fails every time: the error of each attempt, and the exit status of the error" "
    ends 4 $local3 --set fail=0
    says_partition
    for attempt in 1 2 3 4; do grep \"attempt \$attempt failed on worker\" said; done
    grep 'part 0 has no room' said
    nothing_left_running"
expect "bad input is tried on one other worker, and then told" "
    ends 3 $local3 --set refuse=0
    says_partition
    grep '2 attempts went the same way (attempt 1 failed on worker . of .*, attempt 2 failed on worker . of .*): row 0 is' said
    grep 'to go on: lode run --resume r' said # what was computed is kept: a disk may come back
    test -s r/log/tasks.csv
    nothing_left_running"
expect "which sees a good copy: the same bytes" "
    ends 0 $local3 --set refuse_once=30
    like_calm r
    failed=\$(awk -F, '\$3 == 30 && \$5 == \"failed\" { print \$7 }' r/log/tasks.csv)
    some r \"task == 30 && outcome == \\\"ok\\\" && place != \$failed\""

# disturb COMMAND DISTURBANCE: makes the run `r` while the disturbance happens; leaves no process.
disturb() {
    rm -rf r
    # shellcheck disable=SC2086 # words
    $1 -o r 2>said &
    run=$!
    disturbed=0
    status=0
    eval "$2" || disturbed=1
    wait "$run" || status=$?
    cat said
    echo "exit status $status"
    [ "$disturbed$status" = 00 ] && like_calm r
}

# kill_workers HOW_MANY SEED: at a random moment, random ones.
kill_workers() {
    wait_until "[ \$(ended r) -ge $((1 + $(random "$2" 30))) ]" || return 1
    all=$(workers_here | sort)
    skipped=$(random "$(($2 + 1))" "$(echo "$all" | wc -l)")
    # shellcheck disable=SC2086 # ids
    victims=$(echo $all $all | cut -d' ' -f$((skipped + 1))-$((skipped + $1)))
    echo "after $(ended r) attempts: kill -9 $victims (of $(echo "$all" | tr '\n' ' '))"
    # shellcheck disable=SC2086 # ids
    kill -9 $victims
}
at=0
for how in "$local3" "$mpirun4" "$n3"; do
    name=$(echo "$how" | sed "s|$LODE_FAULTS $faults|lode|")
    for count in 1 2; do
        at=$((at + 10))
        expect "SIGKILL of $count of 3 workers at a random time: $name" "
            disturb '$how --set sleep_ms=40' 'kill_workers $count $((seed + at))'
            some r 'outcome == \"lost\"'
            test \$(json r/run.json 'len(d[\"lost_workers\"])') -ge $count"
    done
done

# An agent is the parent of a worker; rank 0 has none under mpirun.
kill_agent() {
    wait_until "[ \$(ended r) -ge $((1 + $(random "$1" 20))) ]" || return 1
    kill -9 "$(parent "$(workers_here | head -n 1)")"
}
# without --enable-recovery mpirun would end all ranks
for how in "mpirun --enable-recovery${mpirun4#mpirun}" "$n3"; do
    name=$(echo "$how" | sed "s|$LODE_FAULTS $faults|lode|")
    expect "SIGKILL of an agent takes its worker with it, and nothing else: $name" "
        disturb '$how --set sleep_ms=40' 'kill_agent $((seed + 5))'
        test \$(json r/run.json 'len(d[\"lost_workers\"])') -eq 1"
done

# The pause is the thing tested: a fifth of what makes a worker lost.
pause_shortly() {
    wait_until '[ $(ended r) -ge 6 ]' || return 1
    victim=$(workers_here | head -n 1)
    kill -STOP "$victim" && sleep 0.3 && kill -CONT "$victim"
}
expect "a worker that is stopped for less than three heartbeats is not lost" "
    disturb '$local3 --set sleep_ms=60 --heartbeat 500ms' pause_shortly
    none r 'outcome == \"lost\"'
    test \$(json r/run.json 'len(d[\"lost_workers\"])') -eq 0"

# Until it was taken for lost and its tasks were given to others; then it may come back.
pause_long() {
    wait_until '[ $(ended r) -ge 6 ]' || return 1
    victim=$(workers_here | head -n 1)
    kill -STOP "$victim"
    wait_until "[ \$(attempts r 'outcome == \"lost\" && pid == $victim') -gt 0 ]" || return 1
    lost=$(ended r)
    wait_until "[ \$(ended r) -ge $((lost + 4)) ]" || return 1
    kill -CONT "$victim"
    echo "$victim" >victim
}
for how in "$local3" "$mpirun4"; do
    name=$(echo "$how" | sed "s|$LODE_FAULTS $faults|lode|")
    expect "a worker that is stopped for longer is lost, its tasks are repeated, it comes back: $name" "
        disturb '$how --set sleep_ms=80' pause_long
        victim=\$(cat victim)
        lost=\$(awk -F, -v pid=\$victim '\$5 == \"lost\" && \$9 == pid { print \$10 + \$11 }' r/log/tasks.csv |
            sort -n | tail -n 1)
        some r \"outcome == \\\"ok\\\" && pid == \$victim && start > \$lost\""
done

finish
