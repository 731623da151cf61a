#!/bin/sh
# A planted pair of attributes and a planted Simpson's reversal are found with the numbers that a
# person counts, patterns with gaps are those of a plain loop, and any number of workers agrees.
. "$(dirname "$0")/lib.sh"

"$python" "$LODE_SOURCE/tests/e2e/lattice.py" || exit 1
lode stage events sessions.csv events.csv -o web.lode --partition-bytes 16K --quiet || exit 1

# cell RUN TABLE COLUMN FILTER: a column of the rows for which FILTER (Python, of row r) holds
cell() {
    lode export "$1" "$2" >table.csv || return 1
    "$python" -c 'import csv, sys
for r in csv.DictReader(open("table.csv", newline="")):
    if eval(sys.argv[2]):
        print(r[sys.argv[1]])' "$3" "$4"
}
# is TEXT COMMAND...: the command prints that text
is() {
    wanted=$1
    shift
    found=$("$@")
    [ "$found" = "$wanted" ] || { echo "$*: '$found', not '$wanted'"; return 1; }
}

pair='(r["attribute"], r["value"], r["kpi"]) == ("country&os", "DE&ios", "kpi_fail")'
expect "the planted pair is kept, with the counts of its 400 sessions; no other pair of the two is" '
    lode run opportunities web.lode -o run --local 2 --quiet
    is 400 cell run cohorts sessions "$pair"
    is 200 cell run cohorts faulty "$pair"
    is 0.5 cell run cohorts kpi_mean "$pair"
    is 0.2 cell run cohorts all_mean "$pair"
    is 0.3 cell run pairs first_mean "$pair"
    is 0.3 cell run pairs second_mean "$pair"
    is "DE&ios" cell run cohorts value \
        "r[\"attribute\"] == \"country&os\" and r[\"kpi\"] == \"kpi_fail\""
    is "AT&ios AT&web DE&ios DE&web" echo $(cell run pairs value \
        "r[\"attribute\"] == \"country&os\" and r[\"kpi\"] == \"kpi_fail\"")'

# 200 - 400 x (120 / 1,200): the others fail at 10 %
expect "it is the first cohort of its KPI, in words, with examples of its own" '
    cell run opportunities cohort "(r[\"kpi\"], r[\"expert\"]) == (\"kpi_fail\", \"cohort\")" >list
    is "country=DE&os=ios" head -1 list
    it="r[\"cohort\"] == \"country=DE&os=ios\" and r[\"expert\"] == \"cohort\""
    is 160 cell run opportunities impact "$it"
    is "sessions with country=DE and os=ios have kpi_fail more often" \
        cell run opportunities hypothesis "$it"
    for session in $(cell run opportunities example_sessions "$it"); do
        grep -q "^$session,.*,DE,ios,.*,1,[01]*\$" sessions.csv
    done'

expect "plan=old is marked: 23 points worse over all, 10 points better inside both regions" '
    is region cell run opportunities simpson "r[\"cohort\"] == \"plan=old\""
    grep "\"cohort\":\"plan=old\"" run/findings.jsonl >finding
    grep -q "\"simpson\":\"region\",\"simpson_difference\":-0.1" finding
    grep -q "among sessions of the same region, those with it are faulty less often (by 10.0 points, pooled)" finding'

expect "patterns are searched inside the pair" '
    is 200 cell run patterns faulty_with \
        "(r[\"cohort\"], r[\"kpi\"], r[\"pattern\"]) == (\"country=DE&os=ios\", \"kpi_fail\", \"retry\")"'

expect "with gaps the planted order is a pattern: all 200 faulty sessions of the pair, no other" '
    lode run opportunities web.lode -o gaps --local 2 --quiet --set gaps=on --set min_support=0
    order="(r[\"cohort\"], r[\"kpi\"], r[\"pattern\"]) == (\"\", \"kpi_fail\", \"retry|timeout\")"
    is 200 cell gaps patterns faulty_with "$order"
    is 0 cell gaps patterns normal_with "$order"
    lode show gaps --json | grep -q "with retry, later ping, later timeout"
    lode run opportunities web.lode -o fail --local 2 --quiet --set gaps=on --set min_support=0 --set kpi=fail
    lode export fail patterns >first.csv
    "$python" "$LODE_SOURCE/tests/parity/gapped.py" events.csv sessions.csv first.csv 3'

expect "the same bytes whoever sums patterns with gaps" '
    lode run opportunities web.lode -o sums --local 2 --quiet --set gaps=on --set min_support=0 \
        --set sum_limit=0
    for table in patterns cohorts pairs summary opportunities; do
        lode export gaps $table >first.csv
        lode export sums $table >second.csv
        cmp first.csv second.csv
    done'

expect "a session with more distinct events than take part is told" '
    lode run opportunities web.lode -o cut --local 1 --set gaps=on --set gap_events=2 2>said
    grep -q "more than gap_events=2 distinct events" said'
refuse 2 "with gaps=on patterns have at most 3 events, not 4" \
    'lode run opportunities web.lode -o no --set gaps=on --set k=1..4'

expect "a sample: all tables count the same sessions, about half of them; a share of 1 is no sample" '
    lode run opportunities web.lode -o whole --local 2 --quiet --set sample=1
    cmp run/results.h5 whole/results.h5
    cmp run/findings.jsonl whole/findings.jsonl
    lode run opportunities web.lode -o half --local 2 --quiet --set sample=0.5 --set pair_min_users=1
    k1="r[\"kpi\"] == \"kpi_fail\" and r[\"k\"] == \"1\""
    n=$(cell half summary sessions "$k1")
    test "$n" -gt 720 -a "$n" -lt 880 # 4 standard deviations
    is 0.5 cell half summary sample "$k1"
    is "$n" cell half cohorts sessions "(r[\"kpi\"], r[\"value\"]) == (\"kpi_fail\", \"all\")"
    cell half pairs sessions "(r[\"kpi\"], r[\"attribute\"]) == (\"kpi_fail\", \"country&os\")" >sessions
    is "$n" echo $(($(paste -sd+ sessions)))
    faulty=$(cell half summary faulty "$k1")
    is "$faulty" echo $(cell half patterns faulty_total "$k1 and not r[\"cohort\"]" | sort -u)
    grep -q "would be faulty in all sessions (.* to .*). Counted in a sample of 50.0 % of the sessions" \
        half/findings.jsonl
    lode verify opportunities web.lode -n 1,2 --set sample=0.3 | grep -c " same$" | grep -qx 2'
refuse 2 "parameter sample: 0 leaves no session" 'lode run opportunities web.lode -o no --set sample=0'

expect "min_count: no row and no finding of a smaller group anywhere, and larger ones as they were" '
    lode run opportunities web.lode -o floor --local 2 --quiet --set min_support=0 --set min_count=250 \
        --set pair_min_users=1 --set min_users=1 --set cohort_min_users=1
    lode run opportunities web.lode -o no_floor --local 2 --quiet --set min_support=0 \
        --set pair_min_users=250 --set min_users=250 --set cohort_min_users=250
    for table in cohorts pairs; do
        test -z "$(cell floor $table sessions "0 < int(r[\"users\"]) < 250")"
        test -n "$(cell floor $table sessions "int(r[\"users\"]) >= 250")"
    done
    few="int(r[\"faulty_with\"]) + int(r[\"normal_with\"]) < 250"
    test -z "$(cell floor patterns pattern "$few")"
    test -n "$(cell no_floor patterns pattern "$few")"
    many="not r[\"cohort\"] and not ($few)"
    for column in kpi pattern faulty_with normal_with p; do
        cell floor patterns $column "$many" >first
        cell no_floor patterns $column "$many" >second
        test -s first
        cmp first second
    done'

expect "anonymous: example sessions are keyed hashes, the same ones as without" '
    lode run opportunities web.lode -o hidden --local 2 --quiet --anonymous \
        --set anonymous_key="my own"
    ! grep -q "\"s[0-9][0-9][0-9][0-9]\"" hidden/findings.jsonl
    cell run opportunities example_sessions True | "$python" -c "import hashlib, sys
key = hashlib.blake2b(b\"my own\", digest_size=32).digest()
for line in sys.stdin:
    print(*(hashlib.blake2b(i.encode(), key=key, digest_size=16).hexdigest() for i in line.split()))" >first
    cell hidden opportunities example_sessions True >second
    test -s first
    cmp first second'

expect "1, 2 and 5 workers: the same bytes" '
    lode verify opportunities web.lode -n 1,2,5 --set gaps=on >table
    cat table
    test "$(grep -c " same$" table)" = 3'

if [ -d "$LODE_DATA/events/it_incidents" ]; then
    real=$LODE_DATA/events/it_incidents
    expect "it_incidents: every pattern with gaps is that of a plain loop" '
        lode stage events "$real/sessions.csv.gz" "$real/events.csv.gz" -o real.lode --quiet
        lode run opportunities real.lode -o real --local 2 --quiet --set gaps=on --set min_support=0
        lode export real patterns >real.csv
        "$python" "$LODE_SOURCE/tests/parity/gapped.py" "$real/events.csv.gz" "$real/sessions.csv.gz" \
            real.csv 3'
fi

finish
