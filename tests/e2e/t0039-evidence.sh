#!/bin/sh
# Beside every finding a faulty and a normal session, and the expressions that it is about: in
# sessions made by hand, where there is one normal session that fits best.
. "$(dirname "$0")/lib.sh"

# 60 users fail in the evening, after `cors > timeout`; 140 pay in the morning. But s070 pays in the
# evening, and s200 pays after `cors`. Even users are on ios, which takes 10 s instead of 2; s100 on
# ios takes one.
mkdir logs
awk 'BEGIN {
    print "session_id,user_id,start_ms,os,kpi_fail,kpi_seconds" >"logs/sessions.csv"
    print "session_id,user_id,timestamp_ms,event" >"logs/events.csv"
    for (u = 0; u <= 200; u++) {
        id = sprintf("s%03d,u%03d", u, u)
        fails = u < 60
        start = fails || u == 70 ? 1767297600000 : 1767261600000 # 20:00 and 10:00 of a day
        printf "%s,%.0f,%s,%d,%d\n", id, start, u % 2 ? "web" : "ios", fails,
            u == 100 ? 1 : u % 2 ? 2 : 10 >"logs/sessions.csv"
        split(fails ? "open cors timeout" : u == 200 ? "open cors pay" : "open pay", names, " ")
        for (e = 1; e in names; e++)
            printf "%s,%.0f,%s\n", id, start + 1000 * e, names[e] >"logs/events.csv"
    }
}'
cat >spec.yaml <<'EOF'
min_users: 10
k: 2
kpis:
  unpaid: not has(pay)
derived:
  evening: hour(time) >= 18
EOF

expect "the run ends well" '
    lode stage events logs/sessions.csv logs/events.csv -o web.lode --quiet --partition-bytes 2048
    lode info web.lode --json >info.json
    test "$(json info.json "d[\"partitions\"]")" -gt 3
    lode run opportunities web.lode --spec spec.yaml -o run1 --quiet --local 1
    lode show run1'

# finding EXPRESSION CLAIM...: claims in Python, true of the one finding `f` with that expression
finding() {
    "$python" -c 'import json, sys
found = [json.loads(line) for line in open("run1/findings.jsonl")]
found = [f for f in found if eval(sys.argv[1])]
assert len(found) == 1, found
f = found[0]
print(f)
line = lambda events: [(e["seconds"], e["event"], e["in_match"]) for e in events]
for claim in sys.argv[2:]: assert eval(claim), claim' "$@"
}

expect "beside a pattern stands the normal session that begins like it" '
    finding "f[\"kpi\"] == \"kpi_fail\" and f[\"pattern\"] == [\"cors\", \"timeout\"]" \
        "f[\"timeline_session\"] == f[\"example_sessions\"][0] < \"s060\"" \
        "line(f[\"timeline\"]) == [(1, \"open\", 0), (2, \"cors\", 1), (3, \"timeout\", 1)]" \
        "f[\"normal_session\"] == \"s200\"" \
        "line(f[\"normal_timeline\"]) == [(1, \"open\", 0), (2, \"cors\", 1), (3, \"pay\", 0)]" \
        "\"definition\" not in f"'

expect "a KPI by expression has a normal session and its definition" '
    finding "f[\"kpi\"] == \"unpaid\" and f[\"pattern\"] == [\"cors\", \"timeout\"]" \
        "f[\"normal_session\"] == \"s200\"" \
        "f[\"definition\"] == [{\"name\": \"unpaid\", \"expression\": \"not has(pay)\"}]"'

expect "beside a cohort by expression stands its one normal session, with its definition" '
    finding "f[\"kpi\"] == \"kpi_fail\" and f[\"cohort\"] == \"evening=true\"" \
        "f[\"timeline_session\"] < \"s060\"" \
        "f[\"normal_session\"] == \"s070\"" \
        "line(f[\"normal_timeline\"]) == [(1, \"open\", 0), (2, \"pay\", 0)]" \
        "f[\"definition\"] == [{\"name\": \"evening\", \"expression\": \"hour(time) >= 18\"}]"'

expect "of a number the normal session lies on the other side of the mean" '
    finding "f[\"kpi\"] == \"kpi_seconds\" and f[\"cohort\"] == \"os=ios\"" \
        "\"s100\" not in f[\"example_sessions\"]" \
        "all(int(s[1:]) % 2 == 0 for s in f[\"example_sessions\"])" \
        "f[\"normal_session\"] == \"s100\""'

expect "lode show --finding shows both sessions and the definition" '
    rank=$('"$python"' -c "
import json
print([f[\"rank\"] for f in map(json.loads, open(\"run1/findings.jsonl\"))
       if f[\"kpi\"] == \"unpaid\" and f[\"pattern\"] == [\"cors\", \"timeout\"]][0])")
    lode show run1 --finding $rank >one
    cat one
    grep -q "^timeline_session  *s0[0-5][0-9]\$" one
    grep -q "^normal_session  *s200\$" one
    sed -n "/^definition/,/^\$/p" one | grep -q "^unpaid  *not has(pay)\$"
    sed -n "/^timeline\$/,/^\$/p" one | grep -q "timeout  *yes\$"
    sed -n "/^normal_timeline\$/,/^\$/p" one | grep -q "pay  *no\$"'

for workers in 2 5; do
    expect "the same bytes with $workers workers" '
        lode run opportunities web.lode --spec spec.yaml -o run'$workers' --quiet --local '$workers'
        cmp run1/findings.jsonl run'$workers'/findings.jsonl
        cmp run1/results.h5 run'$workers'/results.h5'
done

finish
