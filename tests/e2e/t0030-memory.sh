#!/bin/sh
# A real limit of memory (a control group) and no --memory: workers share what it allows, stay within
# their budgets and 10 % in every stage of the shipped jobs, and what needs more fails by name.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/memory.sh"
. "$(dirname "$0")/faults.sh"

# 64 MiB are left to the coordinator: two workers of 48 MiB, the least that one can have
limit_kib=$((160 * 1024))
share_kib=$((48 * 1024))
peak_kib=$((share_kib * 110 / 100))
rest_kib=$((64 * 1024))

# --- without a group: what a task cannot have is told by name ---

# told STATUS WORDS COMMAND...: it ends with the status and says the words.
told() {
    expected=$1 words=$2
    shift 2
    code=0
    "$@" 2>said || code=$?
    cat said
    [ "$code" -eq "$expected" ] && grep -qE -e "$words" said
}

small_run="$LODE_FAULTS run faults web.lode --set tasks=12 --set sleep_ms=0 --local 2 --quiet"
by_name='task 5 of 12 \(part-.*4 attempts went the same way.*more than a worker.s budget of 64 MB; take more --memory'
for fault in hog hoard; do
    expect "a task that takes all memory ($fault) fails by name, its worker stays and stays within" "
        told 4 '$by_name' in_group $small_run --set $fault=5 -o $fault --memory 64M
        none $fault 'outcome != \"ok\" && outcome != \"failed\" && outcome != \"cancelled\"'
        grep -h 'leaves peak_memory_bytes=' $fault/log/worker-*.log |
            sed 's/.*=//' | awk '{ print int(\$1 / 1024) }' >peaks
        within peaks $((65536 * 110 / 100))"
done
expect "the message of the arena says what was wanted and what is held" '
    grep -q "needs 1.0 MB more, holds 42 MB of a budget of 42 MB" hog/run.json'
expect "the next tasks of a worker that had such a task are well" "
    [ \$(attempts hog 'outcome == \"ok\"') -ge 4 ]"
expect "a result that is too large for the budget is one" "
    told 4 'more than a worker.s budget of 48 MB' \
        $small_run --set result_bytes=60000000 -o heavy --memory 48M"
expect "--memory is named as the source" '
    "$LODE_FAULTS" run faults web.lode --set sleep_ms=0 -o asked --memory 50M --quiet
    [ "$(json asked/run.json "d[\"memory\"][\"source\"]")" = --memory ]
    [ "$(json asked/run.json "d[\"memory\"][\"worker_bytes\"]")" = 52428800 ]'
expect "memory of the batch job is divided like any other" '
    env SLURM_JOB_ID=1 SLURM_CPUS_ON_NODE=2 SLURM_MEM_PER_NODE=200 \
        lode run opportunities web.lode -o none --local 2 --dry-run >said
    grep -q "2 workers, each with a budget of 68.0 MiB (slurm)" said'
expect "a process that may use one core starts one worker" '
    taskset -c "$(taskset -cp $$ | sed "s/.*: *\([0-9]*\).*/\1/")" \
        "$LODE_FAULTS" run faults web.lode --set sleep_ms=0 -o one --quiet
    [ "$(json one/run.json "d[\"workers\"]")" = 1 ]'

# --- in a group ---

limit_memory "$limit_kib"
if [ -z "$group" ]; then
    [ $failed -eq 0 ] || finish
    skip "no control group with a memory limit can be made here"
fi

# stays WHAT: the last in_group's workers and coordinator were within their shares
stays() {
    expect "$1: no worker took more than its budget and 10 %" "within samples $peak_kib"
    sed -n '/^#/p' "$log"
    expect "$1: the coordinator stays within what is left to it" "within coordinator $rest_kib"
    sed -n '/^#/p' "$log"
}

# budgets RUN: where the budget came from, and that no task's arena was larger
budgets() {
    json "$1/run.json" 'd["memory"]["source"], d["memory"]["worker_bytes"], d["memory"]["limit_bytes"]' >found
    echo "('cgroup', $((share_kib * 1024)), $((limit_kib * 1024)))" | diff - found
    grep -h welcomed "$1"/log/worker-*.log | grep -v "memory_bytes=$((share_kib * 1024))\$" && return 1
    awk -F, -v most=$((share_kib * 1024)) '
        NR > 1 && $14 > most { print; bad = 1 } END { exit bad }' "$1/log/tasks.csv"
}

users=60000
# the KPIs are named: the shop has more, and their number is what the coordinator's tables grow by
three=payment_failed,crash,duration_s
expect "telemetry of $users users is generated" "
    in_group lode gen events --users $users --seed 7 -o big --local 2 --quiet"
stays gen
expect "it is staged, sessions joined" '
    in_group lode stage events big/sessions.csv big/events.csv -o big.lode --local 2 --quiet'
stays stage
expect "half of it is staged, the other appended" '
    for kind in sessions events; do
        awk -F, "NR == 1 || \$2 < \"u0030000\"" big/$kind.csv >$kind-1.csv
        awk -F, "NR == 1 || \$2 >= \"u0030000\"" big/$kind.csv >$kind-2.csv
    done
    lode stage events sessions-1.csv events-1.csv -o grown.lode --local 2 --quiet
    in_group lode stage events sessions-2.csv events-2.csv --append grown.lode --local 2 --quiet'
stays append

lode run opportunities big.lode --set kpi=$three -o calm-big --set k=1..4 --local 2 --memory 2G --quiet
for limit in 512 0; do
    expect "opportunities with sum_limit $limit has the bytes of a large budget" "
        in_group lode run opportunities big.lode --set kpi=$three -o o$limit --set k=1..4 --set sum_limit=$limit \
            --local 2 --quiet
        results calm-big >calm-big.sums
        results o$limit | diff calm-big.sums -
        budgets o$limit"
    stays "opportunities, sum_limit $limit"
done
expect "workers, not the coordinator, have summed with sum_limit 0" '
    grep -q opportunities.pattern_pieces o0/log/tasks.csv
    grep -q opportunities.pattern_sums o0/log/tasks.csv'
expect "two generations are read within the budget, to the bytes of a large one" '
    lode run opportunities grown.lode --set kpi=$three -o calm-grown --set k=1..4 --local 2 --memory 2G --quiet
    in_group lode run opportunities grown.lode --set kpi=$three -o grown --set k=1..4 --local 2 --quiet
    results calm-grown >calm-grown.sums
    results grown | diff calm-grown.sums -'
stays "opportunities of a store that grew"
expect "verify divides the limit among the workers of each run" '
    in_group lode verify opportunities big.lode --set kpi=$three -n 1,2 --set k=1..3'
expect "verify: no worker took more than a lone one may" "
    within samples $(((limit_kib - rest_kib) * 110 / 100))"

expect "ranks of an mpirun share the limit of their host" '
    in_group lode run opportunities big.lode --set kpi=$three -o ranks --set k=1..2 -n 2 --quiet
    budgets ranks'
expect "a dry run says the budget and whose limit it is" "
    in_group lode run opportunities big.lode --set kpi=$three -o none --local 2 --dry-run >said
    grep -q '2 workers, each with a budget of 48.0 MiB (cgroup)' said"
expect "tables that are too large for the share of the coordinator are told by name" "
    told 4 'the coordinator needs more than the 64 MB that are left to it; take fewer workers' \
        in_group lode run opportunities big.lode --set kpi=$three -o wide --local 2 --quiet \
        --set k=1..8 --set min_support=0"
expect "and the run goes on to its end where there is more" '
    lode run --resume wide --local 2 --memory 2G --quiet
    [ "$(json wide/run.json "d[\"state\"]")" = done ]'
expect "more workers than the limit can carry are refused" "
    told 4 '3 workers on .* with 32 MB each, of 160 MB that the control group has' \
        in_group $LODE_FAULTS run faults web.lode -o many --local 3 --quiet"
expect "nothing of all this was ended by the kernel" '
    cat "$group"/memory.oom_control "$group"/memory.events 2>/dev/null | grep -qx "oom_kill 0"'
expect "where workers do take more than there is, the kernel is named" "
    told 4 'took its worker down each time .probably for want of memory' \
        in_group $small_run --set hog=5 -o beyond --memory 4G
    grep -q 'worker died place=. signal=9: the kernel ended it for want of memory' said"

limit_memory $((120 * 1024))
expect "as many workers are started as the limit can carry" '
    in_group "$LODE_FAULTS" run faults web.lode --set sleep_ms=0 -o fewer --quiet
    [ "$(json fewer/run.json "d[\"workers\"]")" = 1 ]'
finish
