#!/bin/sh
# A run that is handed to Slurm ends with its own exit status and the bytes of a local run, whatever
# happens on the way: time limits, lost nodes, cancelled jobs, names that no shell likes.
. "$(dirname "$0")/lib.sh"
. "$LODE_SOURCE/tests/e2e/faults.sh"
. "$LODE_SOURCE/tests/e2e/slurm.sh"

# --- without a batch system ---

# As a person types them; \ and % mean something to Slurm, the rest to shells.
hostile_folder='a $(touch owned) "b'
hostile_store='we b
`touch owned`.lode'
hostile_run="it's %j \\ \$HOME #"
hostile_value="\$(touch owned) ' \" \\ ;&|
next line"

# enter_hostile_folder: with the store, under its hostile name, in it.
enter_hostile_folder() {
    mkdir -p "$hostile_folder" && cd "$hostile_folder" && ln -sfn "$work/web.lode" "$hostile_store"
}

print_twice() {
    enter_hostile_folder || return 1
    for copy in first second; do
        "$LODE_FAULTS" submit faults "$hostile_store" -o "$hostile_run" --nodes 2 --time 1-0 --print \
            --set "until=$hostile_value" --partition 'a "b"' -- --comment '#x $y' '--exclude=c 9' \
            >"$copy" || return 1
    done
    cat first
    cmp first second && bash -n first && [ ! -e owned ]
}
expect "the script is the same each time, and the shell's parser takes it, whatever the names" print_twice

refuse 4 'there is no sbatch on the PATH.*--print' \
    "env PATH=/nowhere $LODE_FAULTS submit faults web.lode -o r"
refuse 2 "unknown parameter 'taks', did you mean 'tasks'" \
    "$LODE_FAULTS submit faults web.lode -o r --print --set taks=3"
refuse 3 'no such store' "$LODE_FAULTS submit faults nowhere.lode -o r --print"
refuse 2 'calm: exists already' "$LODE_FAULTS submit faults web.lode -o calm --print"
refuse 4 'nowhere/r cannot be made, nor its log beside it: .*No such file' \
    "$LODE_FAULTS submit faults web.lode -o nowhere/r --print"
refuse 2 'time 5h: must be a time as Slurm writes it' \
    "$LODE_FAULTS submit faults web.lode -o r --print --time 5h"
refuse 2 'output: .* control character' "$LODE_FAULTS submit faults web.lode -o 'a
b' --print"
refuse 2 "unknown option '-n'" "$LODE_FAULTS submit faults web.lode -o r -n 3 --print"
refuse 2 'calm is done already' "$LODE_FAULTS submit --resume calm --print"
refuse 2 "'--set' is decided by the run" "$LODE_FAULTS submit --join calm --set tasks=3 --print"
refuse 2 "'--lease' is decided by the run" \
    "$LODE_FAULTS submit --join calm --memory 1G --lease 1m --print"

expect "templates for other batch systems are taken by the shell's parser" "
    for template in $LODE_SOURCE/docs/batch/*.sh; do bash -n \$template; done"
# fill_in TEMPLATE NAME=VALUE...: as a person would, in the lines that are marked.
fill_in() {
    cp "$LODE_SOURCE/docs/batch/$1" "$1"
    template=$1
    shift
    for assignment; do
        sed -i "s|^${assignment%%=*}=.*<-.*|$assignment|" "$template"
        grep -qxF "$assignment" "$template" || return 1
    done
}
expect "the template for hosts begins a run, and goes on with it" "
    echo 'localhost slots=3' >hosts
    fill_in hosts.sh store=$work/web.lode run=$work/r hosts=$work/hosts workers=2
    lode run opportunities web.lode -o whole --local 2 --quiet
    ./hosts.sh
    results whole >whole.sums && results r >r.sums && cmp whole.sums r.sums
    ./hosts.sh 2>&1 | grep 'r is done already'
    rm -r r"
# No PBS is packaged: what it would set, and no more than a run that needs no second job.
expect "the template for PBS runs where PBS would have set its names" "
    printf 'localhost\\nlocalhost\\n' >nodes
    fill_in pbs.sh limit_s=600 store=$work/web.lode run=$work/r memory=100M
    PBS_JOBID=7.server PBS_O_WORKDIR=$work PBS_NODEFILE=$work/nodes ./pbs.sh
    results r >r.sums && cmp whole.sums r.sums
    rm -r r"
expect "--or-resume begins anew what was killed before it had begun, and leaves alone what is done" "
    mkdir -p r/log r/stages r/journal
    $LODE_FAULTS $faults -o r --or-resume --local 2 --set sleep_ms=0
    like_calm r
    $LODE_FAULTS $faults -o r --or-resume --local 2 --set sleep_ms=0 2>said
    grep 'r is done already' said
    rm -r r"
# What a batch job's processes see: six seconds, and a task that waits for what does not come.
expect "a task that is longer than the rest of the job does not keep the run from ending in time" "
    code=0
    SLURM_JOB_ID=7 SLURM_JOB_END_TIME=\$((\$(date +%s) + 6)) $LODE_FAULTS run faults web.lode -o r --local 2 \
        --set tasks=60 --set sleep_ms=0 --set until=$work/enough 2>said || code=\$?
    cat said
    test \$code -eq 75
    grep 'the batch job ends soon' said
    grep 'stopped because the time of the batch job is up: 59 of 60 tasks' said
    test \"\$(json r/run.json '(d[\"batch\"][\"job\"], d[\"exit_status\"])')\" = \"('7', 75)\"
    touch enough
    $LODE_FAULTS run --resume r --local 2
    like_calm r
    rm -r r"
mkdir precious && touch precious/thesis
refuse 2 "precious: exists already and is no run \\('thesis' is in it\\)" \
    "$LODE_FAULTS $faults -o precious --or-resume --local 2"

# --- with one ---

trap 'slurm_down; leave' EXIT
slurm_up 4 >"$log" 2>&1 || { not_ok "a Slurm with four nodes is up"; finish; }

work60="submit faults $work/web.lode --set tasks=60 --lease 1m"

# hand_over ARGUMENTS...: lode submit; its job's number is `job`, its run directory `run`. c4 is for
# the run with the time limit.
hand_over() {
    "$LODE_FAULTS" "$@" --exclude=c4 >submitted 2>told || { cat told; return 1; }
    cat told submitted
    read -r job run <submitted # without -r's opposite: names are as they are
}

# ends HOW: the job, by scontrol; shows the log when it is another way.
ends() {
    how=$(job_ended "$job") || echo "no end"
    cat "$run.batch.log"
    echo "$how, expected $1"
    [ "$how" = "$1" ]
}

# ok_of RUN EPOCH: tasks with a result.
ok_of() {
    awk -F, -v epoch="$2" '$5 == "ok" && $15 == epoch { print $3 }' "$1/log/tasks.csv" | sort -n
}

same_bytes() {
    results "$1" >found.sums && cmp "$work/calm.sums" found.sums
}

# The shortest time limit that Slurm has. It takes a minute, during which the rest is tested; in a
# folder of its own, for nobody to wait for its processes.
mkdir elsewhere
# shellcheck disable=SC2086 # words
(cd elsewhere && "$LODE_FAULTS" $work60 -o limited --time 1 --set sleep_ms=800 -- --nodelist=c4) \
    >limited.submitted 2>"$log" || not_ok "a run with a time limit is submitted"

hostile_names() {
    enter_hostile_folder
    touch -- "$hostile_value" # or the tasks would wait for it
    hand_over submit faults "$hostile_store" -o "$hostile_run" --nodes 2 --tasks-per-node 2 --lease 1m \
        --set tasks=60 --set sleep_ms=40 --set "until=$hostile_value" -- '--comment=#x "\ $y' --mem=1000
    [ "$run" = "$work/$hostile_folder/$hostile_run" ]
    ends 'COMPLETED 0:0'
    [ "$(json "$run/run.json" 'd["parameters"]["until"]')" = "$hostile_value" ]
    scontrol show job "$job" | grep -F 'Comment=#x "\ $y'
    [ ! -e owned ]
    json "$run/run.json" '(d["batch"]["job"], d["workers"])' | tee batch
    [ "$(cat batch)" = "('$job', 4)" ]
    same_bytes "$run"
    memory=$(sed -n 's/.*welcomed .*memory_bytes=//p' "$run/log/worker-0.log")
    echo "memory of a worker: $memory"
    # its share of 80 % of the 1000 MB that Slurm has given: the four have one host name
    [ "$memory" -eq $((1000 * 1048576 * 8 / 10 / 4)) ]
}
expect "names with spaces, quotes, line breaks, dollars and per cents: everything arrives as it was" \
    hostile_names

refuse 2 'sbatch took no job \(exit status 1\)' \
    "$LODE_FAULTS submit faults web.lode -o r --partition nowhere"
expect "a failed run: its exit status is the job's" "
    hand_over $work60 -o failed --set sleep_ms=0 --set refuse=3 --
    bad_input=\$job
    hand_over $work60 -o crashed --set sleep_ms=0 --set crash=3 --
    ends 'FAILED 1:0'
    test \$(json crashed/run.json 'd[\"exit_status\"]') -eq 1
    test \"\$(job_ended \$bad_input)\" = 'FAILED 3:0'
    test -e failed/journal" # what was computed is kept

expect "warned before the time limit: drained, requeued, gone on with; nothing is computed twice" "
    hand_over $work60 -o warned --nodes 2 --set sleep_ms=150 --memory 100M --time 2:0:0 --
    wait_until '[ \$(ended warned) -ge 4 ]'
    $LODE_FAULTS status warned | tee status
    grep -E \"batch job \$job of slurm, started again 0 times, ends 20\" status
    scancel --batch --signal=USR1 \$job # as Slurm does when the time comes
    wait_until '[ \"\$(json warned/run.json \"d[\\\"state\\\"]\")\" = stopped ]'
    test \$(json warned/run.json 'd[\"exit_status\"]') -eq 75
    slurm_wait '[ \"\$(job_field \$job Restarts)\" = 1 ]'
    echo \"while it waits: \$(job_field \$job JobState) \$(job_field \$job ExitCode)\"
    ends 'COMPLETED 0:0'
    grep \"time is up; batch job \$job\" warned.batch.log
    test \$(json warned/run.json 'd[\"batch\"][\"restarts\"]') -eq 1
    ok_of warned 1 >one && ok_of warned 2 >two
    sort -n one two >all
    seq 0 59 | cmp - all
    like_calm warned"

# joiners RUN: how many workers that came late have done a task.
joiners() {
    awk -F, '$5 == "ok" && $7 ~ /^[^:]+:[0-9]+:[0-9]+$/ { print $7 }' "$1/log/tasks.csv" | sort -u | wc -l
}
expect "a second job brings workers, which do tasks; one whose time is up leaves in good order" "
    hand_over $work60 -o joined --set sleep_ms=200 --
    first=\$job
    wait_until '[ \$(ended joined) -ge 2 ]'
    hand_over submit --join joined --time 5 --
    wait_until '[ \$(joiners joined) -eq 1 ]'
    scancel --batch --signal=USR1 \$job # its time is up
    test \"\$(job_ended \$job)\" = 'COMPLETED 0:0'
    grep 'left when asked to by a signal' joined.join.log
    hand_over submit --join joined --tasks-per-node 2 --time 5 --
    test \$run = $work/joined
    second=\$job
    test \"\$(job_ended \$first)\" = 'COMPLETED 0:0'
    how=\$(job_ended \$second)
    cat joined.join.log
    echo \"\$how\"
    test \"\$how\" = 'COMPLETED 0:0'
    test \$(joiners joined) -eq 3
    none joined 'outcome == \"lost\"'
    like_calm joined"

expect "a cancelled job is not requeued; lode submit --resume goes on with the run" "
    hand_over $work60 -o cancelled --nodes 2 --set sleep_ms=150 --
    wait_until '[ \$(ended cancelled) -ge 4 ]'
    scancel \$job
    job_ended \$job
    test \$(job_field \$job JobState) = CANCELLED
    nothing_left_running
    hand_over submit --resume cancelled --tasks-per-node 2 --
    ends 'COMPLETED 0:0'
    ok_of cancelled 1 >one && ok_of cancelled 2 >two
    test \$(sort -nu one two | wc -l) -eq 60
    test \$(cat one two | wc -l) -lt 70
    like_calm cancelled"

# the last but one: its node stays lost
expect "the node of the batch script is lost: Slurm starts the job elsewhere, and the run goes on" "
    hand_over $work60 -o lost --nodes 2 --set sleep_ms=150 --
    wait_until '[ \$(ended lost) -ge 6 ]'
    node=\$(job_field \$job BatchHost)
    slurm_lose \$node
    ends 'COMPLETED 0:0'
    test \$(job_field \$job Restarts) -eq 1
    test \$(job_field \$job BatchHost) != \$node
    ok_of lost 1 >one && ok_of lost 2 >two
    test \$(wc -l <one) -ge 5
    test \$(sort -nu one two | wc -l) -eq 60
    test \$(cat one two | wc -l) -lt 70
    like_calm lost"

expect "a real time limit: the run stops in time, and is done when the job was started again" "
    read -r job run <limited.submitted
    ends 'COMPLETED 0:0'
    test \$(job_field \$job Restarts) -ge 1
    grep \"time is up; batch job \$job\" elsewhere/limited.batch.log
    same_bytes elsewhere/limited"

finish
