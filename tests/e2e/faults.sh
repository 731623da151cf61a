# Sourced after lib.sh by the tests in which things go wrong: a small store, the calm answer of the
# job `faults` (tests/faults/faults.c), and ways to wait for what happens in a run.
# shellcheck shell=sh disable=SC2154 # names of lib.sh

# by hand: beside the program, where the build has them
faults_folder=$(dirname "$LODE")/../tests/faults
LODE_FAULTS=$(readlink -f "${LODE_FAULTS:-$faults_folder/lode_faults}")
LODE_OTHER=$(readlink -f "${LODE_OTHER:-$faults_folder/lode_other}")
[ -x "$LODE_FAULTS" ] || skip "no lode_faults (LODE_FAULTS)"
[ -x "$LODE_OTHER" ] || skip "no lode_other (LODE_OTHER)"

# Short signs of life and leases: a fault is noticed within a second. Half a second without a beat on
# a loaded machine is no fault, so tests that count lost workers take a longer --heartbeat.
faults="run faults web.lode --set tasks=60 --heartbeat 100ms --lease 1s"

lode gen events --users 300 --seed 7 -o logs --quiet || exit 1
lode stage events logs/sessions.csv logs/events.csv -o web.lode --partition-bytes 100K --quiet ||
    exit 1
# shellcheck disable=SC2086 # words
"$LODE_FAULTS" $faults --set sleep_ms=0 -o calm --local 2 --quiet || exit 1
results calm >calm.sums

# like_calm RUN: it has the bytes of the calm run, and no process is left.
like_calm() {
    results "$1" >found.sums && cmp calm.sums found.sums && nothing_left_running
}

# wait_until CONDITION: polls for it; fails after 20 s.
wait_until() {
    patience=1000
    until eval "$1" 2>/dev/null; do
        patience=$((patience - 1))
        [ $patience -gt 0 ] || { echo "this did not come about: $1"; return 1; }
        sleep 0.02 # asking again, of processes that are not our children
    done
}

# ended RUN: how many attempts its log/tasks.csv tells of so far.
ended() {
    if [ -e "$1/log/tasks.csv" ]; then echo $(($(wc -l <"$1/log/tasks.csv") - 1)); else echo 0; fi
}

# attempts RUN CONDITION: how many lines of log/tasks.csv there are for which awk's condition holds,
# over task, attempt, outcome, place, pid, start and took (ms).
attempts() {
    awk -F, "NR > 1 {
        task = \$3; attempt = \$4; outcome = \$5; place = \$7; pid = \$9; start = \$10; took = \$11
        if ($2) n++
    } END { print n + 0 }" "$1/log/tasks.csv"
}

# some RUN CONDITION, none RUN CONDITION: at least one line, no line.
some() {
    [ "$(attempts "$1" "$2")" -gt 0 ] || { echo "no attempt: $2"; grep -v ,1,ok, "$1/log/tasks.csv"; return 1; }
}
none() {
    [ "$(attempts "$1" "$2")" -eq 0 ] || { echo "an attempt: $2"; grep -v ,1,ok, "$1/log/tasks.csv"; return 1; }
}

# random SEED N: a number in 0..N-1 that depends on the seed alone.
random() {
    awk -v seed="$1" -v n="$2" 'BEGIN { srand(seed); rand(); print int(n * rand()) }'
}

# parent PID: its parent's id.
parent() {
    sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status"
}
