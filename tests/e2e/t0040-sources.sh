#!/bin/sh
# Definitions about the attributes of single events, and about counters of other stores, give the
# sessions worked out by hand; what is wrong in one is told by file, line and column.
. "$(dirname "$0")/lib.sh"

cat >sessions.csv <<'TEXT'
session_id,user_id,start,region,kpi_mark
s1,u1,2026-01-01T08:00:00Z,eu,1
s2,u2,2026-01-01T08:10:00Z,eu,2
s3,u3,2026-01-01T08:20:00Z,us,4
s4,u4,2026-01-01T08:30:00Z,mars,8
TEXT
cat >events.csv <<'TEXT'
session_id,timestamp,event,url,status,ms
s1,2026-01-01T08:00:00Z,login_start,,,
s1,2026-01-01T08:00:10Z,request,/a,200,100
s1,2026-01-01T08:00:20Z,request,/b,500,700
s1,2026-01-01T08:00:30Z,request,/c,404,800
s1,2026-01-01T08:01:00Z,login_end,,,
s1,2026-01-01T08:04:00Z,request,/c,500,501
s2,2026-01-01T08:10:00Z,login_start,,,
s2,2026-01-01T08:10:30Z,request,/a,200,900
s2,2026-01-01T08:11:00Z,request,/b,503,500
s2,2026-01-01T08:12:00Z,login_end,,,
s3,2026-01-01T08:20:00Z,login_start,,,
s3,2026-01-01T08:20:10Z,request,/d,,
s3,2026-01-01T08:22:00Z,login_end,,,
s3,2026-01-01T08:23:00Z,request,/c,200,300
s3,2026-01-01T08:24:00Z,request,/c,200,50
s4,2026-01-01T08:30:00Z,request,/c,200,10
s4,2026-01-01T08:31:00Z,stop,,,
TEXT

# The sessions of each cohort: kpi_mark is another power of two in each, so a sum says which.
# sets RUN: "attribute value: sessions"
sets() {
    lode export "$1" cohorts --format jsonl | "$python" -c '
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    if row["kpi"] == "kpi_mark" and row["attribute"] not in ("region", "lifecycle"):
        bits = round(row["kpi_mean"] * row["sessions"])
        names = " ".join(f"s{i + 1}" for i in range(4) if bits >> i & 1)
        print(row["attribute"] + " " + row["value"] + ": " + names)'
}

# --- attributes of events ---

# /c is the most frequent url of all, /a and /b are those of logins.
cat >spec.yaml <<'TEXT'
min_users: 1
bins: 4
kpis:
  slow: mean(ms of request) when has(request)
derived:
  bad: count(request{status != '200' and ms > 500})
  no_answer: has(request{is_missing(status)})
  total: sum(ms of request)
  average: mean(ms of request{ms >= 100})
  longest: most(ms of any)
  logins: count(request{url in top(2, url of request between login_start and login_end)} between login_start and login_end)
  common: count(request{url in top(1, url of request)})
TEXT
cat >expected <<'TEXT'
bad 0: s2 s3 s4
bad 3: s1
no_answer false: s1 s2 s4
no_answer true: s3
total 10: s4
total 350: s3
total 1400: s2
total 2101: s1
average 300: s3
average 525.25: s1
average 700: s2
longest 10: s4
longest 300: s3
longest 800: s1
longest 900: s2
logins 0: s3 s4
logins 2: s1 s2
common 0: s2
common 1: s4
common 2: s1 s3
TEXT
expect "words and numbers of events select, add up and are ranked in a first pass" '
    lode stage events sessions.csv events.csv -o small.lode --event-attribute url,status --event-value ms
    lode run opportunities small.lode -o run1 --spec spec.yaml
    sets run1 >found
    diff expected found'
expect "1, 2 and 5 workers write the same bytes" '
    lode verify opportunities small.lode -n 1,2,5 --spec spec.yaml'
expect "lode explain counts the columns of events that a stage reads" '
    lode explain opportunities small.lode --spec spec.yaml --json >explained.json
    [ "$(json explained.json "d[\"stages\"][0][\"reads\"]")" = "users, sessions, event names, event url" ]
    [ "$(json explained.json "d[\"stages\"][0][\"bytes\"]")" = "$((8 * 4 + 8 * 4 + 4 * 17 + 4 * 17))" ]
    json explained.json "d[\"stages\"][1][\"reads\"]" | grep -q "event url, event status, event ms"'

# wrong LINE WORDS: a spec with this line in its `derived` is refused by file, line and column
wrong() {
    printf 'derived:\n  %s\n' "$1" >wrong.yaml
    refuse 2 "$2" 'lode run opportunities small.lode -o no --spec wrong.yaml'
}
wrong "x: count(request{ulr = '/a'})" "wrong.yaml:2:20: unknown event attribute 'ulr', did you mean 'url'\?"
wrong "x: sum(url of request)" "wrong.yaml:2:10: event attribute 'url' is a text, not a number"
wrong "x: count(request{msec > 1})" "wrong.yaml:2:20: unknown event attribute 'msec'"

# --- counters of other stores ---

cat >backend.csv <<'TEXT'
host,time,cpu,errors
eu,2026-01-01T07:58:00Z,0.2,
eu,2026-01-01T08:00:30Z,0.95,1
eu,2026-01-01T08:03:00Z,0.5,
eu,2026-01-01T08:09:00Z,0.4,
eu,2026-01-01T08:10:30Z,0.6,
eu,2026-01-01T08:13:00Z,0.99,1
us,2026-01-01T08:19:00Z,0.7,
us,2026-01-01T08:21:00Z,0.91,
us,2026-01-01T08:23:00Z,,2
us,2026-01-01T08:25:00Z,0.99,
TEXT
cat >balancer.csv <<'TEXT'
time,load
2026-01-01T08:00:00Z,0.1
2026-01-01T08:05:00Z,0.2
2026-01-01T08:11:00Z,0.8
2026-01-01T08:22:00Z,0.92
2026-01-01T08:30:30Z,0.3
TEXT
# mars has no backend; the balancer is one component, so it needs no brackets
cat >sources.yaml <<'TEXT'
min_users: 1
bins: 4
sources:
  backend: backend.lode
  balancer: balancer.lode
kpis:
  overload: most(balancer.load) > 90%
derived:
  hot: most(backend[region].cpu) > 90%
  eu_hot: most(backend['eu'].cpu) > 90%
  highest: most(backend[region].cpu)
  lowest: least(backend[region].cpu)
  average: mean(backend[region].cpu)
  begun: at(backend[region].cpu)
  stale: is_missing(at(backend[region].cpu within 90s))
  busy: at(balancer.load) > 50%
  busy_10m: at(balancer.load within 10m) > 50%
  failing: sum(backend[region].errors) or_else 0 > 0
TEXT
cat >expected <<'TEXT'
hot false: s2
hot true: s1 s3
eu_hot false: s2
eu_hot true: s1
highest 0.6: s2
highest 0.91: s3
highest 0.95: s1
lowest 0.5: s1
lowest 0.6: s2
lowest 0.91: s3
average 0.6: s2
average 0.725: s1
average 0.91: s3
begun 0.2: s1
begun 0.4: s2
begun 0.7: s3
stale false: s2 s3
stale true: s1 s4
busy false: s1 s2
busy_10m false: s1 s2
busy_10m true: s3 s4
failing false: s2 s4
failing true: s1 s3
TEXT
expect "two stores of counters" '
    lode stage counters backend.csv -o backend.lode --component host --time time
    lode stage counters balancer.csv -o balancer.lode'
expect "their series over each session, by name, by an attribute and by error times" '
    lode run opportunities small.lode -o run3 --spec sources.yaml
    sets run3 >found
    diff expected found
    lode export run3 cohorts --format jsonl | "$python" -c "
import json, sys
rows = [json.loads(line) for line in sys.stdin]
print([(r[\"sessions\"], r[\"faulty\"]) for r in rows if r[\"kpi\"] == \"overload\" and r[\"value\"] == \"all\"])" |
        grep -qxF "[(4, 1)]"'
expect "1, 2 and 5 workers write the same bytes" '
    lode verify opportunities small.lode -n 1,2,5 --spec sources.yaml'
expect "on the command line too, from another folder" '
    mkdir -p elsewhere && cd elsewhere
    lode run opportunities ../small.lode -o ../run4 --set min_users=1 --set "sources=b: ../balancer.lode" \
        --set "derived=busy: at(b.load within 10m) > 50%"
    cd ..
    sets run4 >found
    [ "$(cat found)" = "$(printf "busy false: s1 s2\nbusy true: s3 s4")" ]
    json run4/run.json "d[\"parameters\"][\"sources\"]" | grep -qF "b: $PWD/balancer.lode"'
expect "lode explain names the series that a stage reads" '
    lode explain opportunities small.lode --spec sources.yaml --json >explained.json
    json explained.json "[s for s in d[\"stages\"] if s[\"stage\"] == \"counting cohorts\"][0][\"reads\"]" | tee found
    grep -q "backend.cpu.*balancer.load.*backend.errors" found || grep -q "balancer.load.*backend.cpu.*backend.errors" found
    lode run opportunities small.lode -o no --spec sources.yaml --dry-run'

cat >templates.yaml <<'TEXT'
min_users: 1
bins: 4
sources: { balancer: balancer.lode, backend: backend.lode }
templates:
  top_values: { event: request, attribute: url, n: 1 }
  slow_events: { event: request, attribute: ms, level: 500 }
  load_above: { series: 'backend[region].cpu', level: 90% }
  load_mean: { series: balancer.load }
TEXT
cat >expected <<'TEXT'
top_1_url_request 0: s2
top_1_url_request 1: s4
top_1_url_request 2: s1 s3
request_ms_above_500 0: s3 s4
request_ms_above_500 1: s2
request_ms_above_500 3: s1
backend_region_cpu_above_90 false: s2
backend_region_cpu_above_90 true: s1 s3
mean_balancer_load 0.1: s1
mean_balancer_load 0.3: s4
mean_balancer_load 0.8: s2
mean_balancer_load 0.92: s3
TEXT
expect "templates fill in attributes of events and series" '
    lode run opportunities small.lode -o run6 --spec templates.yaml
    sets run6 >found
    diff expected found'
expect "and the rules find the series by themselves" '
    lode run opportunities small.lode -o run7 --spec sources.yaml --set generate=offline
    grep -q "most(backend\[region\].cpu) > 90%" run7/generated.json
    grep -q "mean(balancer.load)" run7/generated.json'

# 300,000 samples are more than travels with a stage: leaves read them themselves
"$python" - <<'PYTHON'
import datetime
start = datetime.datetime(2025, 12, 31)
with open("long.csv", "w") as out:
    out.write("time,wave\n")
    for i in range(300000):
        out.write(f"{(start + datetime.timedelta(seconds=i)).isoformat()}Z,{i % 997}\n")
PYTHON
# seconds from the start of long.csv to those of sessions: 115200, 115800, 116400, 117000
cat >long.yaml <<'TEXT'
min_users: 1
bins: 4
sources:
  long: long.lode
  backend: backend.lode
derived:
  begun: at(long.wave)
  total: sum(long.wave)
  hot: most(backend[region].cpu) > 90%
TEXT
expect "a long series is read by the leaves and gives the same" '
    lode stage counters long.csv -o long.lode --quiet
    lode run opportunities small.lode -o run5 --spec long.yaml
    sets run5 | tee found
    "$python" - found <<PYTHON
import sys
sessions = [(115200, 240), (115800, 120), (116400, 240), (117000, 60)]
begun = {f"begun {a % 997}: s{i + 1}" for i, (a, _) in enumerate(sessions)}
total = {f"total {sum(t % 997 for t in range(a, a + n + 1))}: s{i + 1}" for i, (a, n) in enumerate(sessions)}
assert begun | total | {"hot false: s2", "hot true: s1 s3"} == set(open(sys.argv[1]).read().splitlines())
PYTHON
    lode verify opportunities small.lode -n 1,2,5 --spec long.yaml'

head='sources:\n  backend: backend.lode\n'
# wrong_source LINE WORDS: likewise, beside a source
wrong_source() {
    printf "$head"'derived:\n  %s\n' "$1" >wrong.yaml
    refuse 2 "$2" 'lode run opportunities small.lode -o no --spec wrong.yaml'
}
wrong_source "x: most(backand['eu'].cpu)" "wrong.yaml:4:11: unknown source 'backand', did you mean 'backend'\?"
wrong_source "x: most(backend['eo'].cpu)" "wrong.yaml:4:19: unknown component 'eo', did you mean 'eu'\?"
wrong_source "x: most(backend['eu'].gpu)" "wrong.yaml:4:25: unknown counter 'gpu', did you mean 'cpu'\?"
wrong_source "x: most(backend.cpu)" "wrong.yaml:4:11: source 'backend' has 2 components"
wrong_source "x: most(backend[regoin].cpu)" "wrong.yaml:4:19: .*did you mean 'region'\?"
wrong "x: most(backend.cpu)" "wrong.yaml:2:11: the run has no sources"
# wrong_path PATH WORDS: a source that is none
wrong_path() {
    printf 'sources:\n  backend: %s\n' "$1" >wrong.yaml
    refuse 3 "$2" 'lode run opportunities small.lode -o no --spec wrong.yaml'
}
wrong_path nowhere.lode "wrong.yaml:2:12: source 'backend': nowhere.lode: No such file or directory"
wrong_path small.lode "wrong.yaml:2:12: source 'backend': .*small.lode: a store of kind 'events', a source is one of kind 'counters'"
wrong_path run1 "wrong.yaml:2:12: source 'backend'"

real=$LODE_DATA/events/it_incidents
if [ -d "$real" ]; then
    cat >count.py <<'PYTHON'
# Sessions by how many of their events have assignment_group = 'Group 70', as pandas counts them.
import sys
import pandas
events = pandas.read_csv(sys.argv[1], dtype=str, keep_default_na=False)
ids = pandas.read_csv(sys.argv[2], dtype=str, keep_default_na=False)["session_id"]
per = (events["assignment_group"] == "Group 70").groupby(events["session_id"]).sum()
counts = per.reindex(ids, fill_value=0).value_counts().sort_index()
few, rest = counts[counts.index < 3], counts[counts.index >= 3].sum()
for value, sessions in few.items():
    print(value, sessions)
print("more", rest)
top = events[events["assignment_group"] != ""]["assignment_group"].value_counts()
names = sorted(top.index, key=lambda w: (-top[w], w.encode()))[:3]
per = events["assignment_group"].isin(names).groupby(events["session_id"]).sum()
print("top", int((per.reindex(ids, fill_value=0) > 0).sum()))
PYTHON
    need_python pandas
    expect "incidents: sessions by events of one group, and of the top 3 groups, equal pandas" '
        lode stage events "$real"/sessions.csv.gz "$real"/events.csv.gz -o incidents \
            --event-attribute assignment_group --partition-bytes 4M --quiet
        lode run opportunities incidents -o run2 --quiet --set min_users=1 --set attributes=n,often --set "derived=
            n: if(count(any{assignment_group = '\''Group 70'\''}) < 3, count(any{assignment_group = '\''Group 70'\''}), 1000)
            often: has(any{assignment_group in top(3, assignment_group of any)})"
        "$python" count.py "$real"/events.csv.gz "$real"/sessions.csv.gz >expected
        lode export run2 cohorts --format jsonl | "$python" -c "
import json, sys
kpi, more = None, None
for line in sys.stdin:
    row = json.loads(line)
    kpi = kpi or row[\"kpi\"]
    if row[\"kpi\"] != kpi: continue
    if row[\"attribute\"] == \"n\": print({\"1000\": \"more\"}.get(row[\"value\"], row[\"value\"]), row[\"sessions\"])
    if row[\"attribute\"] == \"often\" and row[\"value\"] == \"true\": print(\"top\", row[\"sessions\"])" >found
        diff expected found'

    # a run on the incidents that is killed as soon as it has begun; refused while the source differs
    cp -r balancer.lode kept.lode
    expect "a killed run goes on from another folder, and not with a source that has changed" '
        mkdir later
        printf "time,load\n2026-01-01T09:00:00Z,0.4\n" >later/balancer.csv
        again=0
        until [ -e r/journal ] && [ ! -e r/results.h5 ]; do
            again=$((again + 1))
            [ $again -le 20 ]
            rm -rf r
            lode run opportunities incidents -o r --quiet --set "sources=b: balancer.lode" \
                --set "derived=n: at(b.load)" --local 2 &
            run=$!
            until [ -e r/journal/lock ] || ! kill -0 $run; do sleep 0.02; done # asking again
            kill -9 $run || true
            wait $run || true
        done
        nothing_left_running
        lode stage counters later/balancer.csv --append balancer.lode --quiet
        code=0
        lode run --resume r --local 2 2>said || code=$?
        [ $code -eq 3 ]
        grep -q "$PWD/balancer.lode/index.h5: its .* is not what it was when the run began" said
        rm -rf balancer.lode
        cp -r kept.lode balancer.lode
        mkdir -p elsewhere && cd elsewhere
        lode run --resume ../r --local 2
        [ -e ../r/results.h5 ]'
fi
finish
