#!/bin/sh
# What lode run -n makes of its coordinator's verdict, of an mpirun that hangs, and of signals.
# mpirun is a script here, so that everything can go wrong when it is to.
. "$(dirname "$0")/lib.sh"

mkdir bin store
PATH=$work/bin:$PATH
host=$(uname -n)

# with_mpirun TEXT: that script is mpirun from now on. `record LINE` writes the verdict.
with_mpirun() {
    {
        echo '#!/bin/sh'
        echo 'record() { echo "$1" >aside && mv aside "$LODE_VERDICT"; }'
        echo "host=$host"
        echo "$1"
    } >bin/mpirun
    chmod +x bin/mpirun
}

# ends STATUS [SIGNAL...]: lode run -n ends with that status. Before each signal a file `ready` is
# waited for, and removed.
ends() {
    expected=$1
    shift
    rm -f ready got
    lode run opportunities store -o r -n 2 2>said &
    run=$!
    for number; do
        until [ -e ready ]; do kill -0 "$run" || break; done
        rm -f ready
        kill "-$number" "$run"
    done
    status=0
    wait "$run" || status=$?
    cat said
    echo "exit status $status, expected $expected"
    [ "$status" -eq "$expected" ] && ! ls r.verdict* 2>/dev/null
}

with_mpirun 'record "running $$ $host"; record "ended 3"; exit 0'
expect "the verdict is the exit status, not what mpirun returns" 'ends 3'

with_mpirun 'exit 0'
expect "an mpirun that ends without a verdict is a lost cluster" '
    ends 5
    grep "mpirun ended (status 0) without a verdict" said'

with_mpirun 'sh -c exit & gone=$!; wait; record "running $gone $host"; exec sleep 60'
expect "a coordinator that died is noticed at once, and mpirun ended" '
    ends 5
    grep "the coordinator (pid [0-9]*) died without a verdict" said
    nothing_left_running'

with_mpirun 'sh -c exit & gone=$!; wait; record "running $gone elsewhere"; record "ended 0"'
expect "a process of another host is not looked for" 'ends 0'

with_mpirun 'trap "" TERM; record "ended 0"; while :; do sleep 1; done'
expect "an mpirun that hangs after the verdict is ended, if need be killed" '
    ends 0
    nothing_left_running'

with_mpirun 'record "running $$ other"; echo 0 >ready; record "ended zero"; exit 7'
expect "a record that is none counts as none" '
    ends 5
    grep "mpirun ended (status 7)" said'

drained='trap "echo USR1 >>got; record \"ended 75\"; exit 0" USR1
    trap "echo TERM >>got; exit 1" TERM
    record "running $$ $host"; : >ready; while :; do sleep 0.1; done'
for number in 2 15; do
    with_mpirun "$drained"
    expect "the first signal $number is a drain: USR1, and the verdict is the exit status" "
        ends 75 $number
        grep 'once more to end now' said
        test \"\$(cat got)\" = USR1"
done
with_mpirun "$drained"
expect "the batch system's USR1 is a drain without words" '
    ends 75 10
    test "$(cat got)" = USR1
    test ! -s said'

with_mpirun 'trap "echo USR1 >>got; : >ready" USR1; trap "echo TERM >>got; exit 1" TERM
    record "running $$ $host"; : >ready; while :; do sleep 0.1; done'
expect "the second signal ends it: TERM, and 128 + its number" '
    ends 143 2 15
    test "$(cat got)" = "USR1
TERM"'

with_mpirun 'trap "echo USR1 >>got; : >ready" USR1; trap "" TERM
    record "running $$ $host"; : >ready; while :; do sleep 0.1; done'
expect "what does not heed TERM is killed 3 s later" '
    ends 130 2 2
    nothing_left_running'

# not yet up: USR1 would end this script if it came before its trap
with_mpirun ': >ready; while [ -e ready ]; do sleep 0.1; done; sleep 0.3
    trap "echo USR1 >>got; record \"ended 75\"; exit 0" USR1
    record "running $$ $host"; while :; do sleep 0.1; done'
expect "a signal that comes too early is held back until the coordinator is up" '
    ends 75 2
    test "$(cat got)" = USR1'

finish
