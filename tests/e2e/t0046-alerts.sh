#!/bin/sh
# Alerts: one summary an incident, told once however often detection runs, and no receiver, however
# broken, loses one or fails a run.
. "$(dirname "$0")/lib.sh"
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy LODE_WEBHOOK_KEY

# Minutes of a service of two machines. At 2050 cpu, load and reads of shop/db rise for half an hour,
# at 2085 once more (a repeat), at 2200 those of shop/web, which lasts.
"$python" - <<'PYTHON'
import random

names = ["cpu", "load", "reads", "temperature"]


def value(r, component, name, i):
    if name == "temperature":
        return 20 + r.random()
    rises = (2050 <= i < 2080 or 2085 <= i < 2100) if component == "shop/db" else i >= 2200
    return 20 + r.random() + (3 if i % 100 >= 90 else 0) + (60 if rises else 0)


def write(path, first, end):
    with open(path, "w") as out:
        out.write(",".join(["component", "timestamp_s", *names]) + "\n")
        for component in ("shop/db", "shop/web"):
            for i in range(first, end):
                r = random.Random(f"{component} {i}")
                cells = [f"{value(r, component, name, i):.4f}" for name in names]
                out.write(",".join([component, str(60 * i), *cells]) + "\n")


write("train.csv", 0, 2000)
write("first.csv", 2000, 2060)
write("second.csv", 2060, 2160)
write("third.csv", 2160, 2203)
PYTHON
# S1, S2, S3: the store as it was after each batch
if ! {
    lode stage counters train.csv -o S0 --component component --tree / --local 2 --quiet
    lode run hierarchy S0 -o M --local 2 --quiet --set preset=robust
    before=S0
    for batch in first second third; do
        n=$((${n:-0} + 1))
        cp -r $before S$n
        lode stage counters $batch.csv --append S$n --local 2 --quiet
        before=S$n
    done
} >"$log" 2>&1; then
    cat "$log"
    exit 1
fi

# detect STORE RUN [OPTION...]: a run anew
detect() {
    store=$1
    run=$2
    shift 2
    rm -rf "$run"
    lode run hierarchy "$store" --detect M -o "$run" --local 1 --quiet --set "thresholds=high: 20" "$@"
}
lines() { wc -l <"$1/alerts.jsonl"; }
# line RUN N EXPRESSION: of the N-th alert `d`
line() { sed -n "$2p" "$1/alerts.jsonl" >one.json && json one.json "$3"; }

expect 'one run: an alert an incident, with its end, words and counters; its memory is its own' '
    detect S2 R
    test "$(lines R)" -eq 1
    test "$(line R 1 "d[\"component\"], d[\"level\"], d[\"state\"], d[\"firings\"] >= 1")" = "('"'shop/db', 'high', 'ended'"', True)"
    test "$(line R 1 "d[\"change\"][:16], len(d[\"counters\"]) >= 2, \"changed\" in d[\"text\"]")" = "('"'1970-01-02T10:10'"', True, True)"
    lode export R incidents | grep -q "^1,1,1,.shop/db: cpu"
    test ! -e M.alerts'

expect 'a finding shows its counters before and after the change' '
    lode export R evidence | grep -qE "^1,shop/db,cpu,0.[0-9]+,2[01][.0-9]*,7[0-9][.0-9]*$"
    lode export R evidence_values | grep -qE "^1,shop/db,cpu,122940000,2[01]"
    lode export R evidence_values | grep -qE "^1,shop/db,cpu,123000000,8[01]"
    lode show R --finding 1 | grep -qE "cpu  *0.5.* 21  *7[0-9]"'

expect 'health: what lasts is red up to the top, and the severity of its counters counts' '
    detect S3 H
    lode export H health | grep -qE "^shop,0.[0-9]+,(red|orange|yellow),shop/web,high,"
    lode export H health | grep -q "^shop/db,1,green,,,,,,0,shop$"
    detect S3 H --set severities="shop/*: 0.001;; cpu: 0.001;; load: 0.001;; reads: 0.001"
    lode export H health | grep -qE "^shop,0.99[0-9]*,green,shop/web,high,"
    detect S3 H --set severities="reads: 50"
    lode export H health | grep -qE "^shop,[0-9.e-]+,red,shop/web,high,"'

expect 'alerts=new: every run tells what none has told, a repeat is counted, an end is told' '
    detect S1 A1 --set alerts=new --set cooldown=2h
    detect S1 A2 --set alerts=new --set cooldown=2h
    detect S2 A3 --set alerts=new --set cooldown=2h
    test "$(lines A1) $(lines A2) $(lines A3)" = "1 0 1"
    test "$(line A1 1 "d[\"state\"], d[\"told\"]")" = "('"'lasts'"', 1)"
    test "$(line A3 1 "d[\"state\"], d[\"told\"], d[\"suppressed\"]")" = "('"'ended'"', 0, 3)"
    test "$(line A1 1 "d[\"fingerprint\"]")" = "$(line A3 1 "d[\"fingerprint\"]")"
    rm -rf M.alerts'

expect 'newest: runs that score the last two hours alone tell the same, and have the same scores' '
    for n in 1 2 3; do
        detect S$n A$n --set alerts=new --set alert_state=whole
        detect S$n B$n --set alerts=new --set alert_state=newest --set newest=2h
        for run in A$n B$n; do
            sed "s/,.severity.*,.end.:/,/; s/,.peak.:.*,.told.:/,/; s/,.firings.:.*//" $run/alerts.jsonl >$run.told
        done
        cmp A$n.told B$n.told
    done
    test "$(cat A?.told | wc -l) $(grep -c fingerprint B3.told)" = "3 1"
    lode export A3 scores | grep shop/web | tail -n 120 >all
    lode export B3 scores | grep shop/web >some
    cmp all some
    lode export B3 scored | grep -q "^shop/web,$((60000 * 2083)),$((60000 * 2203)),120$"'

expect 'what lasted and fires no longer is told as ended; a model learned anew is a new memory' '
    rm -rf M.alerts
    detect S3 D1 --set alerts=new
    test "$(line D1 2 "d[\"component\"], d[\"state\"]")" = "('"'shop/web', 'lasts'"')"
    detect S3 D2 --set alerts=new --set "thresholds=high: 2000"
    test "$(lines D2)" -eq 1
    test "$(line D2 1 "d[\"state\"], d[\"fingerprint\"]")" = "('"'ended'"', $(line D1 2 "[d[\"fingerprint\"]]" | tr -d "[]"))"
    detect S3 D3 --set alerts=new --set "thresholds=high: 2000"
    test "$(lines D3)" -eq 0
    rm -rf M.alerts
    detect S3 D4 --set alerts=new
    mv M M.old
    lode run hierarchy S0 -o M --local 2 --quiet --set preset=robust --set saturation=0.02
    detect S3 D5 --set alerts=new
    test "$(line D5 1 "d[\"state\"], \"learned anew\" in d[\"text\"]")" = "('"'ended'"', True)"
    test "$(line D5 2 "d[\"state\"], d[\"component\"]")" = "('"'lasts', 'shop/web'"')"
    test "$(lines D5)" -eq 2
    detect S3 D6 --set alerts=new
    test "$(lines D6)" -eq 0
    rm -rf M M.alerts
    mv M.old M'

expect 'alert_exit: status 10 when something was told, 0 when nothing was' '
    code=0; detect S1 E --set alerts=new --set alert_exit=on || code=$?
    test $code -eq 10
    test "$(json E/run.json "d[\"state\"]")" = done
    detect S1 E --set alerts=new --set alert_exit=on
    code=0; lode run hierarchy S3 --detect M -o E3 -n 1 --quiet --set alert_exit=on || code=$?
    test $code -eq 10
    rm -rf M.alerts'

# --- a receiver ---
# serve MODE: a receiver; its requests in `requests`. It ends with file descriptor 9.
serve() {
    rm -f port requests
    mkfifo hold 2>/dev/null || true
    "$python" "$LODE_SOURCE/tests/e2e/llm_server.py" "$1" port requests <hold &
    exec 9>hold
    tries=200
    until [ -s port ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05 # the server's start; it tells by its file
    done
}
# post STORE STATUS [OPTION...]: a run with a webhook, which ends so
post() {
    from=$1
    wanted=$2
    shift 2
    code=0
    detect "$from" P --set alerts=new --set "webhook=http://127.0.0.1:$(cat port)/api/v2/alerts" \
        --set webhook_time=30s "$@" 2>post.err || code=$?
    cat post.err
    test "$code" -eq "$wanted" && test -s P/findings.jsonl
}
waiting() { find M.alerts/spool -name "*.json" | wc -l; }
# starts: startsAt of all alerts that came, in order
starts() {
    "$python" -c 'import json
for line in open("requests"):
    for alert in json.loads(line)["body"]:
        print(alert["startsAt"][11:16], alert["labels"]["component"], alert["labels"]["fingerprint"])'
}
# ends: of all alerts that came whether they ended, else how many hours from now they will
ends() {
    "$python" -c 'import datetime, json
now = datetime.datetime.now(datetime.timezone.utc)
for line in open("requests"):
    for alert in json.loads(line)["body"]:
        end = datetime.datetime.fromisoformat(alert["endsAt"].replace("Z", "+00:00"))
        print("ended" if end < now else f"in-{round((end - now).total_seconds() / 3600)}h")'
}

expect 'a good receiver: the form of Alertmanager, with the key; what lasts again, with a later end' '
    serve good
    LODE_WEBHOOK_KEY=geheim post S3 0
    unset LODE_WEBHOOK_KEY
    post S3 0 --set webhook_lasts=2h
    exec 9>&-
    test "$(lines P)" -eq 0
    test "$(starts | cut -d" " -f2 | tr "\n" " ")" = "shop/db shop/web shop/web "
    test "$(ends | tr "\n" " ")" = "ended in-1h in-2h "
    head -1 requests >first.json
    test "$(json first.json "d[\"headers\"][\"Authorization\"], d[\"headers\"][\"Content-Type\"]")" = "('"'Bearer geheim', 'application/json'"')"
    test "$(json first.json "sorted(d[\"body\"][1])")" = "['"'annotations', 'endsAt', 'generatorURL', 'labels', 'startsAt'"']"
    not grep -rq geheim P
    rm -rf M.alerts'

for mode in 500 401 busy-for-ever reset garbage silent; do
    expect "a receiver that answers $mode: status 11, the alert waits, nothing is lost" "
        serve $mode
        post S1 11 --set webhook_time=300ms
        exec 9>&-
        grep -q 'webhook http://127.0.0.1:[0-9]*: ' post.err
        not grep -q api/v2 post.err
        test \"\$(waiting)\" -eq 1
        rm -r M.alerts"
done

expect 'nobody there for two runs: the third delivers all, the oldest first' '
    serve good
    exec 9>&-
    tries=100; while python=$(started_here "llm_server") && [ -n "$python" ] && [ $tries -gt 0 ]; do tries=$((tries - 1)); sleep 0.05; done
    post S1 11 --set webhook_time=300ms
    post S2 11 --set webhook_time=300ms
    post S3 11 --set webhook_time=300ms
    test "$(waiting)" -eq 3
    python=/usr/bin/python3
    serve good
    post S3 0
    exec 9>&-
    test "$(waiting)" -eq 0
    test "$(starts | cut -d" " -f2 | tr "\n" " ")" = "shop/db shop/db shop/web shop/web " # it lasts
    test "$(starts | cut -d" " -f3 | sort -u | wc -l)" -eq 2
    rm -rf M.alerts'

expect 'what lasts and could not be sent again: status 11, nothing waits, the next run sends it' '
    serve good
    post S1 0
    exec 9>&-
    serve 500
    post S1 11 --set webhook_time=300ms
    grep -q "alerts that still last were not delivered" post.err
    test "$(waiting)" -eq 0
    exec 9>&-
    serve good
    post S1 0
    exec 9>&-
    test "$(starts | wc -l)" -eq 1
    rm -rf M.alerts'

expect 'a receiver that fails at first is tried again' '
    serve failing-then-good
    post S1 0
    exec 9>&-
    test "$(wc -l <requests)" -eq 2
    rm -rf M.alerts'

expect 'a body that is refused for good is put aside and told' '
    serve 400
    post S1 11
    exec 9>&-
    test "$(waiting) $(find M.alerts/refused -type f | wc -l)" = "0 1"
    rm -rf M.alerts'

expect 'killed while the receiver is silent: the next run delivers, the lock is no hindrance' '
    serve silent
    rm -rf K
    lode run hierarchy S1 --detect M -o K --local 1 --quiet --set "thresholds=high: 20" --set alerts=new \
        --set "webhook=http://127.0.0.1:$(cat port)/" --set webhook_time=1m 2>/dev/null &
    pid=$!
    tries=200
    until [ -s requests ]; do
        tries=$((tries - 1)); [ $tries -gt 0 ] || exit 1
        sleep 0.05 # for the request; it tells by its file
    done
    kill -9 $pid; wait $pid || true
    exec 9>&-
    test "$(wc -l <K/alerts.jsonl) $(waiting)" = "1 1"
    serve good
    post S1 0
    exec 9>&-
    test "$(starts | sort -u | wc -l) $(waiting)" = "1 0"
    rm -rf M.alerts'

expect 'two runs at once: each alert is told by one of them' '
    serve good
    for run in T1 T2; do
        lode run hierarchy S3 --detect M -o $run --local 1 --quiet --set "thresholds=high: 20" --set alerts=new \
            --set "webhook=http://127.0.0.1:$(cat port)/" 2>/dev/null &
        pids="${pids:-} $!"
    done
    for pid in $pids; do wait "$pid"; done
    exec 9>&-
    test "$(cat T1/alerts.jsonl T2/alerts.jsonl | wc -l)" -eq 2
    test "$(starts | sort -u | wc -l) $(starts | wc -l)" = "2 3" # what lasts by both
    rm -rf M.alerts'

expect 'a secret URL is in no file of the run and in no message' '
    serve 500
    echo "http://127.0.0.1:$(cat port)/hooks/s3cret?token=t0ken" >url
    code=0
    detect S1 U --set alerts=new --webhook-file url --set webhook_time=300ms 2>secret.err || code=$?
    exec 9>&-
    test $code -eq 11
    test -s requests
    not grep -rqE "s3cret|t0ken" U M.alerts secret.err
    rm -rf M.alerts'

expect 'evaluation and results do not depend on what was told; 1, 2 and 5 workers: the same bytes' '
    printf "component,start_s,end_s\nshop/db,%d,%d\n" $((2050 * 60)) $((2080 * 60)) >issues.csv
    detect S3 V0 --labels issues.csv --set alerts=off
    detect S3 V1 --labels issues.csv --set alerts=new --set cooldown=30d
    detect S3 V2 --labels issues.csv --set alerts=new --local 2
    detect S3 V5 --labels issues.csv --local 5
    test ! -e V0/alerts.jsonl
    for n in 1 2 5; do test "$(results V0)" = "$(results V$n)"; done
    rm -rf M.alerts'

expect 'a broken memory is named, the run is whole, status 11' '
    mkdir -p M.alerts
    echo nonsense >M.alerts/state.jsonl
    code=0; detect S1 B --set alerts=new 2>broken.err || code=$?
    test $code -eq 11
    grep -q "to begin anew, remove the file.*M.alerts/state.jsonl: line 1: not one JSON object" broken.err
    test -s B/findings.jsonl
    rm -rf M.alerts'

refuse 2 'parameter webhook needs alerts=new' \
    'detect S1 X --set webhook=http://127.0.0.1:1/'
refuse 2 "parameter alerts: 'nwe' is none of run, new, off; did you mean 'new'" \
    'detect S1 X --set alerts=nwe'
refuse 2 'parameter webhook_lasts: 20 ms, 1 s to 365 days are possible' \
    'detect S1 X --set alerts=new --set webhook_lasts=20ms'
refuse 2 'parameter webhook: a URL with a user or password in it' \
    'detect S1 X --set alerts=new --set webhook=http://me:pass@127.0.0.1/'

finish
