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

# wrong LINE WORDS [FILE]: a spec with this line in its `derived` is refused by file, line and column
wrong() {
    printf 'derived:\n  %s\n' "$1" >wrong.yaml
    cat ${3:+"$3"} >>wrong.yaml
    refuse 2 "$2" 'lode run opportunities small.lode -o no --spec wrong.yaml'
}
expect "wrong names of event attributes are told with the nearest one" '
    wrong "x: count(request{ulr = '\''/a'\''})" "wrong.yaml:2:20: unknown event attribute '\''ulr'\'', did you mean '\''url'\''"
    wrong "x: sum(url of request)" "wrong.yaml:2:10: event attribute '\''url'\'' is a text, not a number"
    wrong "x: count(request{msec > 1})" "wrong.yaml:2:20: unknown event attribute '\''msec'\''"'

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
fi
finish
