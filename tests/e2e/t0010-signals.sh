#!/bin/sh
# Asked to stop once, a run finishes what it has begun; asked twice, or under a plain mpirun, it ends
# at once. Either way it says so, and leaves what is known.
. "$(dirname "$0")/lib.sh"
. "$LODE_SOURCE/tests/e2e/faults.sh"

# Heartbeats as usual: nobody may be lost.
faults="$faults --heartbeat 500ms"

# begin COMMAND...: starts the run `r`, and waits until every one of its two workers has done a task
# and is at the next one.
begin() {
    rm -rf r
    "$@" -o r 2>said &
    run=$!
    wait_until '[ "$(ended r)" -ge 2 ]'
}

# over STATUS [RECORDED]: the run `r` has ended so; its record says the same, or what mpirun made of
# it; nothing of it is left.
over() {
    status=0
    wait "$run" || status=$?
    cat said
    echo "exit status $status, expected $1"
    [ "$status" -eq "$1" ] && nothing_left_running && [ ! -e r/endpoint ] && [ ! -e r/results.h5 ] &&
        [ "$(json r/run.json '(d["state"], d["exit_status"])')" = "('stopped', ${2:-$1})" ]
}

# drained: every attempt ended well, and after the signal came no more than the two that ran.
drained() {
    none r 'outcome != "ok"' && [ "$(ended r)" -ge $((before + 1)) ] &&
        [ "$(ended r)" -le $((before + 3)) ]
}

local2="$LODE_FAULTS $faults --local 2"
n2="$LODE_FAULTS $faults -n 2"
mpirun3="mpirun -n 3 $LODE_FAULTS $faults"

# To whom: the process that a person started.
for way in "$local2" "$n2"; do
    name=$(echo "$way" | sed "s|$LODE_FAULTS $faults|lode|")
    for signal in INT TERM USR1; do
        expect "the first $signal drains: running tasks are finished, exit status 75: $name" "
            begin $way --set sleep_ms=400
            before=\$(ended r)
            kill -$signal \$run
            over 75
            drained
            grep 'lode: stopped in good order, as asked: [0-9]* of 60 tasks' said"
    done
    for signal in INT TERM; do
        number=$([ $signal = INT ] && echo 2 || echo 15)
        recorded=$((128 + number))
        [ "$way" = "$local2" ] || recorded=143 # mpirun makes a TERM of both
        expect "the second $signal ends now, exit status 128 + $number: $name" "
            begin $way --set slow_once=0
            kill -$signal \$run
            wait_until 'grep -q \"once more to end now\" said'
            kill -$signal \$run
            over $((128 + number)) $recorded
            test \$(ended r) -ge 2"
    done
done

expect "USR1 to a plain mpirun drains" "
    begin $mpirun3 --set sleep_ms=400
    before=\$(ended r)
    kill -USR1 \$run
    over 75
    drained"

# mpirun gives its ranks a second from TERM to KILL, and is gone itself a little later.
for signal in TERM INT; do
    expect "$signal to a plain mpirun: all is over within two seconds, and what is known is there" "
        begin $mpirun3 --set sleep_ms=3000 --set slow_ms=0
        begun=\$(date +%s%3N)
        kill -$signal \$run
        code=0
        wait \$run || code=\$?
        took=\$((\$(date +%s%3N) - begun))
        cat said
        echo \"exit status \$code after \$took ms\"
        test \$code -ne 0
        test \$took -lt 2500
        nothing_left_running
        test \"\$(json r/run.json '(d[\"state\"], d[\"exit_status\"])')\" = \"('stopped', 143)\"
        test \$(ended r) -ge 2
        test \$(json r/run.json 'd[\"stages\"][0][\"attempts\"]') -eq \$(ended r)
        test ! -e r/endpoint"
done

finish
