#!/bin/sh
# Every kind of expression that a spec may define gives the answer worked out by hand, or by another
# program on real sessions; what is wrong in one is told by file, line and column before any work.
. "$(dirname "$0")/lib.sh"

cat >sessions.csv <<'TEXT'
session_id,user_id,start,country,os,kpi_crash,kpi_mark
s1,u1,2026-01-01T08:00:00Z,DE,android 14,0,1
s2,u1,2026-01-02T12:00:00Z,DE,android 13,1,2
s3,u1,2026-03-01T23:30:00Z,FR,ios 17,0,4
s4,u2,2026-01-05T10:00:00Z,US,android 14,,8
s5,u2,2026-01-05T22:00:00Z,US,ios 17,1,16
s6,u3,2026-02-01T03:00:00Z,FR,android 12,0,32
TEXT
cat >events.csv <<'TEXT'
session_id,timestamp,event
s1,2026-01-01T08:00:00Z,login
s1,2026-01-01T08:00:05Z,buy_plan
s1,2026-01-01T08:00:12Z,payment
s2,2026-01-02T12:00:00Z,login_retry
s2,2026-01-02T12:00:04Z,login_retry
s2,2026-01-02T12:00:09Z,login_ok
s2,2026-01-02T12:00:10Z,buy_plan
s2,2026-01-02T12:00:25Z,payment
s3,2026-03-01T23:30:00Z,rebuffer_start
s3,2026-03-01T23:30:10Z,rebuffer_end
s3,2026-03-01T23:30:40Z,stop
s4,2026-01-05T10:00:00Z,buy_plan
s4,2026-01-05T10:00:01Z,web_cors_error
s4,2026-01-05T10:00:03Z,timeout_error
s5,2026-01-05T22:00:00Z,search
s5,2026-01-05T22:00:05Z,cart
s5,2026-01-05T22:00:09Z,pay
s6,2026-02-01T03:00:00Z,search
s6,2026-02-01T03:00:05Z,pay
TEXT
cat >spec.yaml <<'TEXT'
min_users: 1
bins: 4
kpis:
  slow_pay: not (payment within 10s of buy_plan) when has(buy_plan)
  n: count(any)
derived:
  night: hour(time) < 9 or hour(time) > 21
  eu: country in {'DE', 'FR'} and os ~ '^android'
  system: os
  span: duration()
  rebuffer: time_in(rebuffer_start .. rebuffer_end) / duration()
  retries: count(login_retry before login_ok)
  first_error: first(*_error)
  last_error: last(*_error)
  pause: gap(buy_plan, payment)
  cors: matches(buy_plan -> web_cors_error -> timeout_error within 30s)
  cors_fast: matches(buy_plan -> web_cors_error -> timeout_error within 2s)
  gapped: matches(login_retry => payment)
  waits: matches(login_retry until login_ok)
  lost: matches(search => pay without cart)
  paid_late: slow_pay
  frequent: count(top(2, any))
  amid: count(top(1, any between search and pay))
  first_visit: session_index() <= 1
  second_visit: session_index() = 2
  again: user_sessions() >= 2
  after_gap: since_previous() > 30d
  sparse: user_max_gap() > 30d
  crashed_before: previous(kpi_crash) = 1
  calm: crash_or_0 = 0
  crash_or_0: if(kpi_crash, 1, 0) or_else 0
TEXT

# The sessions of each cohort: kpi_mark is another power of two in each, so a sum says which.
# sets RUN: "attribute value: sessions"
sets() {
    lode export "$1" cohorts --format jsonl | "$python" -c '
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    if row["kpi"] == "kpi_mark" and row["attribute"] not in ("os", "country", "lifecycle"):
        bits = round(row["kpi_mean"] * row["sessions"])
        names = " ".join(f"s{i + 1}" for i in range(6) if bits >> i & 1)
        print(row["attribute"] + " " + row["value"] + ": " + names)'
}
cat >expected <<'TEXT'
night false: s2 s4
night true: s1 s3 s5 s6
eu false: s3 s4 s5
eu true: s1 s2 s6
system android 12: s6
system android 13: s2
system android 14: s1 s4
system ios 17: s3 s5
span <9s: s4 s6
span 9s..12s: s5
span 12s..40s: s1 s2
span >=40s: s3
rebuffer 0: s1 s2 s4 s5 s6
rebuffer 0.25: s3
retries 0: s1 s3 s4 s5 s6
retries 2: s2
first_error 1s: s4
last_error 3s: s4
pause 7s: s1
pause 15s: s2
cors false: s1 s2 s3 s5 s6
cors true: s4
cors_fast false: s1 s2 s3 s4 s5 s6
gapped false: s1 s3 s4 s5 s6
gapped true: s2
waits false: s1 s3 s4 s5 s6
waits true: s2
lost false: s1 s2 s3 s4 s5
lost true: s6
paid_late false: s1
paid_late true: s2 s4
frequent 0: s3 s5 s6
frequent 1: s1 s4
frequent 3: s2
amid 0: s1 s2 s3 s4 s6
amid 1: s5
first_visit false: s2 s3 s5
first_visit true: s1 s4 s6
second_visit false: s1 s3 s4 s6
second_visit true: s2 s5
again false: s6
again true: s1 s2 s3 s4 s5
after_gap false: s2 s5
after_gap true: s3
sparse false: s4 s5
sparse true: s1 s2 s3
crashed_before false: s2
crashed_before true: s3
calm false: s2 s5
calm true: s1 s3 s4 s6
crash_or_0 0: s1 s3 s4 s6
crash_or_0 1: s2 s5
TEXT

# kpi RUN NAME: sessions, faulty sessions and mean over all sessions
kpi() {
    lode export "$1" cohorts --format jsonl | "$python" -c '
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    if row["kpi"] == sys.argv[1] and row["value"] == "all":
        print(row["sessions"], row["faulty"], round(row["kpi_mean"], 4))' "$2"
}

expect "a small store, analysed with a spec of definitions" '
    lode stage events sessions.csv events.csv -o small.lode
    lode run opportunities small.lode -o run1 --spec spec.yaml'
expect "each attribute has the sessions worked out by hand" '
    sets run1 >found
    diff expected found'
expect "a bool KPI is binary and left out where it has no value, a number is numeric" '
    [ "$(kpi run1 slow_pay)" = "3 2 0.6667" ]
    [ "$(kpi run1 n)" = "6 None 3.1667" ]'
expect "numbers are cut into as many cohorts as asked for" '
    lode run opportunities small.lode -o run2 --set min_users=1 --set bins=2 --set "derived=span: duration()"
    sets run2 | tee found
    [ "$(cat found)" = "$(printf "span <12s: s4 s5 s6\nspan >=12s: s1 s2 s3")" ]'
expect "hours are those of the time zone" '
    lode run opportunities small.lode -o run3 --set min_users=1 --set timezone=+06:00 \
        --set "derived=early: hour(time) < 9 ;; noon: hour(time) = 16"
    sets run3 | grep -qx "early true: s3 s5"
    sets run3 | grep -qx "noon true: s4"'
expect "what is not asked for is not counted" '
    lode run opportunities small.lode -o run4 --spec spec.yaml --set attributes=os,night --set kpi=kpi_mark,n
    lode export run4 cohorts | cut -d, -f2 | sort -u | tr "\n" " " | tee found
    [ "$(cat found)" = "attribute lifecycle night os " ]
    lode export run4 cohorts | cut -d, -f1 | sort -u | grep -qx n'
expect "the same bytes for 1, 2 and 5 workers" '
    lode verify opportunities small.lode -n 1,2,5 --spec spec.yaml'
expect "run.json has the definitions with their places" '
    json run1/run.json "d[\"parameters\"][\"derived\"].splitlines()[:2]" | grep -qF "#spec.yaml:7:10"'

# Equal nodes are one: duration() of span and rebuffer, session_index() of both visits, ...
expect "lode explain prints one graph, its nodes once, and what each stage reads" '
    lode explain opportunities small.lode --spec spec.yaml | tee found
    grep -q "duration  *duration()  *span, rebuffer" found
    grep -q "bool  *session_index() <= 1  *first_visit" found
    grep -q "^counting frequent events  *1  *users, sessions, event names" found
    lode explain opportunities small.lode --spec spec.yaml --json >explained.json
    [ "$(json explained.json "d[\"graph\"][0][\"definitions\"]")" = 27 ]
    [ "$(json explained.json "d[\"graph\"][0][\"nodes_asked\"] > d[\"graph\"][0][\"nodes\"] == len(d[\"nodes\"])")" = True ]
    [ "$(json explained.json "len({n[\"expression\"] for n in d[\"nodes\"]}) == len(d[\"nodes\"])")" = True ]
    [ "$(json explained.json "[s[\"stage\"] for s in d[\"stages\"]][:3]")" = "['\''counting frequent events'\'', '\''sampling derived attributes'\'', '\''counting cohorts'\'']" ]'
expect "and without definitions just the stages" '
    lode explain opportunities small.lode | tee found
    ! grep -q graph found
    grep -q "^counting cohorts  *1  *users, starts, kpi_crash, kpi_mark, country, os" found'

expect "a run has no other stages" '
    lode run opportunities small.lode -o stages --spec spec.yaml --quiet
    json explained.json "\"\n\".join(s[\"stage\"] for s in d[\"stages\"])" >told
    json stages/run.json "\"\n\".join(s[\"title\"] for s in d[\"stages\"])" >had
    test -s had && ! grep -vxFf told had'

expect "a dry run tells the first passes" '
    lode run opportunities small.lode -o no --spec spec.yaml --dry-run | tee found
    grep -q "^counting frequent events  *1 " found
    grep -q "^sampling derived attributes  *1 " found'

# wrong LINE WORDS: a spec with this line in its `derived` is refused by file, line and column
wrong() {
    printf 'kpis:\n  n: count(any)\nderived:\n  fine: has(pay)\n  %s\n' "$1" >wrong.yaml
    refuse 2 "$2" 'lode run opportunities small.lode -o no --spec wrong.yaml'
}
wrong 'x: count(pament)' "wrong.yaml:5:12: .*'pament'.*'payment'"
wrong "x: contry = 'DE'" "wrong.yaml:5:6: .*'contry'.*'country'"
wrong 'x: duration() > 3' 'wrong.yaml:5:[0-9]+: '
wrong 'x: duration() + country' 'wrong.yaml:5:[0-9]+: '
wrong 'x: hours(time) < 9' "wrong.yaml:5:6: .*'hours'.*'hour'"
wrong 'x: count(pay' 'wrong.yaml:5:[0-9]+: '
wrong 'os: has(pay)' "wrong.yaml:5:7: 'os': the store has an attribute of that name"
wrong 'crash: has(pay)' "wrong.yaml:5:10: 'crash': the store has a KPI of that name: kpi_crash"
wrong 'n: has(pay)' 'wrong.yaml:5:6: .*n.*'
refuse 2 'derived:1:10: ' 'lode run opportunities small.lode -o no --set "derived=x: count(pament)"'
refuse 2 "kpis:1:4: 'x': a KPI is a bool" 'lode run opportunities small.lode -o no --set "kpis=x: os"'
printf 'k: { a: b }\n' >k.yaml
refuse 2 'k.yaml:1:9: parameter k takes one value' 'lode run opportunities small.lode -o no --spec k.yaml'
refuse 2 "unknown job 'opportunites', did you mean 'opportunities'" 'lode explain opportunites small.lode'
refuse 2 'wrong.yaml:5:6' 'lode explain opportunities small.lode --spec wrong.yaml'
printf 'derived:\n  x: [has(pay)]\n' >wrong.yaml
refuse 3 'wrong.yaml:2:6: a line of a group must have a single value' 'lode run opportunities small.lode -o no --spec wrong.yaml'

[ $failed -eq 0 ] || finish # a skip must not hide it
need_data events/deskdrop
need_python pandas
cat >real.yaml <<'TEXT'
kpis:
  bounce2: kpi_bounce
  return2: kpi_no_return_14d
  long2: kpi_duration_s
  no_like: not has(LIKE)
derived:
  first: session_index() <= 1
  second: session_index() = 2
  later: session_index() > 1
  after_gap: since_previous() > 30d
  sparse: user_max_gap() > 30d
  many_views: count(VIEW) > 3
  views: count(VIEW)
  night: hour(time) < 9 or hour(time) > 21
  like_after_view: matches(VIEW -> LIKE within 60s)
  twin: device
TEXT
expect "real sessions in several partitions, with definitions" '
    lode stage events "$LODE_DATA"/events/deskdrop/sessions.csv.gz "$LODE_DATA"/events/deskdrop/events.csv.gz \
        --partition-bytes 400K -o real.lode
    [ "$(find real.lode -name "part-*.h5" | wc -l)" -gt 3 ]
    lode run opportunities real.lode -o real --spec real.yaml
    for table in cohorts patterns summary opportunities; do lode export real $table >real-$table.csv; done'
expect "expressions of the life cycle give the rows that are built in, those of stored columns their rows" '
    "$python" "$LODE_SOURCE/tests/e2e/derived_twins.py" .'
expect "counts of cohorts are those of another program" '
    "$python" "$LODE_SOURCE/tests/e2e/derived_counts.py" "$LODE_DATA/events/deskdrop" real-cohorts.csv'
expect "the same bytes for 1, 2 and 5 workers" '
    lode verify opportunities real.lode -n 1,2,5 --spec real.yaml'

finish
