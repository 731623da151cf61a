#!/bin/sh
# lode status and lode explain tell what a run does, and what became of it: running, done, failed,
# killed.
. "$(dirname "$0")/lib.sh"

lode gen events --users 800 --seed 4 -o logs --quiet || exit 1
lode stage events logs/sessions.csv logs/events.csv -o web.lode --partition-bytes 200K --quiet || exit 1
lode run opportunities web.lode -o well --local 2 --quiet || exit 1
lode gen events --users 8000 --seed 4 -o many --quiet || exit 1
lode stage events many/sessions.csv many/events.csv -o many.lode --partition-bytes 500K --quiet || exit 1
many='opportunities many.lode --set k=1..8 --set min_support=0 --set cohort_max_k=8 --local 2'

# every field that docs/formats.md names, in any state
cat >fields.py <<'EOT'
import json, sys
d = json.load(open(sys.argv[1]))
top = set("run job state coordinator batch started ended elapsed_seconds exit_status error root_step bad_messages "
          "stages workers lost_workers missing resume critical_path_seconds outside_stages_seconds".split())
stage = set("stage leaf title state tasks done running waiting given_up attempts median_seconds "
            "elapsed_seconds tasks_per_second left_seconds task_seconds efficiency longest_seconds longest_task "
            "read_bytes written_bytes shuffled_bytes".split())
worker = set("worker place host pid state what stage task attempt running_seconds "
             "since_progress_seconds heard_seconds_ago ok failed lost".split())
assert set(d) == top, set(d) ^ top
for s in d["stages"]: assert set(s) == stage, set(s) ^ stage
for w in d["workers"]: assert set(w) == worker, set(w) ^ worker
for w in d["lost_workers"]: assert set(w) == set("place host pid why".split())
for m in d["missing"]: assert set(m) == set("title task what why".split())
assert d["elapsed_seconds"] >= 0 and d["coordinator"]["pid"] > 0
EOT
cat >task_fields.py <<'EOT'
import json, sys
d = json.load(open(sys.argv[1]))
top = set("run job state stage tasks task leaf title what task_state why cost holders attempts".split())
attempt = set("attempt outcome worker place host pid start_seconds duration_seconds "
              "read_bytes written_bytes shuffled_bytes error".split())
holder = set("worker pid attempt seconds place host running wanted".split())
assert set(d) == top, set(d) ^ top
for a in d["attempts"]: assert set(a) == attempt, set(a) ^ attempt
for h in d["holders"]: assert set(h) == holder, set(h) ^ holder
assert d["why"]
EOT

# status RUN, explain ARGUMENTS...: the answer in status.json, task.json, with all of its fields
status() { lode status "$1" --json >status.json && "$python" fields.py status.json; }
explain() { lode explain "$@" --json >task.json && "$python" task_fields.py task.json; }
# is FILE EXPRESSION: it is true of the document
is() { test "$(json "$1" "$2")" = True || { echo "not so: $2"; cat "$1"; return 1; }; }

expect "a run that is done: all tasks of all stages" '
    status well
    is status.json "d[\"state\"] == \"done\" and d[\"exit_status\"] == 0 and d[\"error\"] == \"\""
    is status.json "len(d[\"stages\"]) >= 2 and len(d[\"workers\"]) >= 1"
    is status.json "all(s[\"done\"] == s[\"tasks\"] > 0 and s[\"waiting\"] == 0 for s in d[\"stages\"])"
    is status.json "sum(w[\"ok\"] for w in d[\"workers\"]) >= sum(s[\"tasks\"] for s in d[\"stages\"])"
    is status.json "all(s[\"read_bytes\"] > 0 and 0 < s[\"efficiency\"] <= 1 for s in d[\"stages\"])"
    is status.json "d[\"elapsed_seconds\"] >= d[\"critical_path_seconds\"] > 0 and d[\"resume\"] is None"
    lode status well >text
    grep -q "^critical path: " text
    grep -q "^well: opportunities, done, " text
    grep -q "counting patterns .* done " text'
expect "a task of it: its attempts, by stage" '
    explain well --task 3 --stage 3
    is task.json "d[\"task_state\"] == \"done\" and d[\"stage\"] == 3 and d[\"title\"] == \"counting patterns\""
    is task.json "[a[\"outcome\"] for a in d[\"attempts\"]].count(\"ok\") == 1"
    lode explain well --task 3 --stage 3 | grep -q "^task 3 of stage 3 (counting patterns): done"'
expect "without a task, at most ten that deserve a look, slowest first" '
    lode explain well --json >list.json
    is list.json "len(d[\"tasks\"]) == 10 and all(t[\"gone_wrong\"] == 0 and t[\"done\"] for t in d[\"tasks\"])"
    is list.json "[t[\"seconds\"] for t in d[\"tasks\"]] == sorted((t[\"seconds\"] for t in d[\"tasks\"]), reverse=True)"
    lode explain well --stage 1 --json >list.json
    is list.json "all(t[\"stage\"] == 1 for t in d[\"tasks\"])"'

# begin RUN: starts it; its workers are stopped once each has ended a task, so that it lasts
begin() {
    # shellcheck disable=SC2086 # words
    lode run $many -o "$1" --quiet 2>"$1.err" &
    run=$!
    until [ "$(sed -n "s/.*,ok,\([0-9]*\),.*/\1/p" "$1/log/tasks.csv" 2>/dev/null | sort -u | wc -l)" = 2 ]; do
        kill -0 "$run" || return 1
    done
    for pid in $(workers_here); do kill -STOP "$pid"; done
}
begin live || exit 1
expect "a run under way: stage, workers, what they read; then the workers are lost" '
    status live
    is status.json "d[\"state\"] == \"running\" and d[\"ended\"] is None and d[\"exit_status\"] is None"
    is status.json "d[\"coordinator\"][\"pid\"] == $run and len(d[\"workers\"]) == 2"
    is status.json "d[\"root_step\"] or d[\"stages\"][-1][\"state\"] == \"running\""
    is status.json "all(s[\"state\"] == \"done\" for s in d[\"stages\"][:-1])"
    tries=200
    until lode status live --json | grep -q "\"state\":.*\"lost\""; do
        tries=$((tries - 1))
        test $tries -gt 0
        sleep 0.05 # for a coordinator that waits for heartbeats
    done
    status live
    is status.json "len(d[\"lost_workers\"]) >= 1 and all(l[\"why\"] for l in d[\"lost_workers\"])"
    last=$(json status.json "d[\"stages\"][-1][\"tasks\"] - 1")
    explain live --task "$last"
    is task.json "d[\"state\"] == \"running\" and d[\"what\"].startswith(\"part-\") and d[\"cost\"] > 0"
    is task.json "d[\"tasks\"] - 1 == d[\"task\"]"
    lode status live >text
    grep -q "^live: opportunities, running, " text'
refuse 2 'no task [0-9]+: stage [0-9]+ has [0-9]+ tasks, 0 to' 'lode explain live --task 100000'
expect "once the coordinator stops answering, it is said within seconds" '
    kill -STOP "$run"
    code=0
    lode status live 2>err || code=$?
    kill -CONT "$run"
    test $code = 5
    grep -q "does not answer" err'
expect "the run goes on when its workers do" '
    for pid in $(workers_here); do kill -CONT "$pid"; done
    while kill -0 "$run" 2>/dev/null && ! grep -q "\"ended\"" live/run.json; do sleep 0.05; done # not our child
    status live
    is status.json "d[\"state\"] == \"done\" and all(s[\"done\"] == s[\"tasks\"] for s in d[\"stages\"])"'

expect "a run whose coordinator was killed" '
    begin killed
    kill -9 "$run"
    wait "$run" || true
    status killed
    is status.json "d[\"state\"] == \"killed\" and \"gone without a verdict\" in d[\"error\"]"
    is status.json "len(d[\"stages\"]) >= 1 and d[\"stages\"][-1][\"done\"] >= 1 and len(d[\"workers\"]) >= 1"
    lode status killed >text
    grep -q "^error: the coordinator .pid $run on .*. is gone without a verdict" text
    grep -q "^to go on: lode run --resume killed --local 2$" text
    lode explain killed
    task=$(sed -n "2{s/^[0-9]*,[^,]*,//;s/,.*//;p}" killed/log/tasks.csv)
    explain killed --task "$task" --stage 1
    is task.json "len(d[\"attempts\"]) >= 1"'
expect "the command that it tells goes on with it" '
    eval "$(json status.json "d[\"resume\"]") --quiet"
    status killed
    is status.json "d[\"state\"] == \"done\" and d[\"resume\"] is None"
    cmp killed/results.h5 live/results.h5'

expect "a run that failed: which task, and every attempt with its reason" '
    # shellcheck disable=SC2086
    lode run $many -o failed --quiet 2>/dev/null &
    run=$!
    while kill -0 "$run" 2>/dev/null; do
        for pid in $(workers_here); do
            if grep -qs ",ok," failed/log/tasks.csv; then kill -9 "$pid" || true; fi
        done
    done
    code=0
    wait "$run" || code=$?
    status failed
    is status.json "d[\"state\"] == \"failed\" and d[\"exit_status\"] == $code != 0 and d[\"error\"] != \"\""
    is status.json "len(d[\"lost_workers\"]) >= 1"
    lode explain failed --json >list.json
    is list.json "d[\"tasks\"][0][\"gone_wrong\"] >= 1 and d[\"tasks\"][0][\"error\"] != \"\""
    explain failed --task "$(json list.json "d[\"tasks\"][0][\"task\"]")" --stage "$(json list.json "d[\"tasks\"][0][\"stage\"]")"
    is task.json "any(a[\"outcome\"] == \"lost\" and a[\"error\"] for a in d[\"attempts\"])"
    lode explain failed | grep -q " lost "'

refuse 2 'no task 9999: stage 3 has 21 tasks, 0 to 20' 'lode explain well --task 9999 --stage 3'
refuse 2 'no stage 60: the run has stages 1 to' 'lode explain well --task 0 --stage 60'
refuse 2 '--task -1: a number' 'lode explain well --task -1'
refuse 2 '--stage 0: a number' 'lode explain well --task 0 --stage 0'
refuse 2 'there is no such run' 'lode status nowhere'
refuse 2 'there is no such run' 'lode explain nowhere --task 0'
refuse 3 'not a run' 'lode status logs'
refuse 3 'not a run' 'lode explain web.lode'
refuse 2 'takes a run' 'lode status'
refuse 2 "unknown option '--jsom'" 'lode status well --jsom'
mkdir odd && echo 'no JSON' >odd/run.json
refuse 3 'not a JSON object' 'lode status odd'

finish
