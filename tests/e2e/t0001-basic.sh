#!/bin/sh
# From nothing to a ranked list, as the README says it, under a real mpirun.
. "$(dirname "$0")/lib.sh"

expect "generated sessions come with their truth" '
    lode gen events --users 600 --seed 7 -o logs
    test -s logs/sessions.csv
    test -s logs/events.csv
    json logs/truth.json "len(d[\"planted\"])" | grep -qx 8'

expect "generating again gives the same bytes, another seed others" '
    lode gen events --users 600 --seed 7 -o again --local 1
    cmp logs/sessions.csv again/sessions.csv
    cmp logs/events.csv again/events.csv
    cmp logs/truth.json again/truth.json
    lode gen events --users 600 --seed 8 -o other
    ! cmp -s logs/events.csv other/events.csv'

expect "staging tells rows in = rows used + rows rejected" '
    lode stage events logs/sessions.csv logs/events.csv -o web.lode 2>told
    cat told
    rows=$(($(wc -l <logs/sessions.csv) + $(wc -l <logs/events.csv) - 2))
    sed "s/,//g" told | grep -q "^$rows rows read = $rows used + 0 rejected"'

expect "lode info tells what is in the store" '
    lode info web.lode
    lode info web.lode --json >info.json
    test "$(json info.json "d[\"kind\"]")" = events
    test "$(json info.json "d[\"users\"]")" = 600
    test "$(json info.json "d[\"sessions\"]")" = $(($(wc -l <logs/sessions.csv) - 1))
    test "$(json info.json "d[\"events\"]")" = $(($(wc -l <logs/events.csv) - 1))
    test "$(json info.json "d[\"rows_rejected\"]")" = 0'

expect "a run under mpirun with two workers ends well" '
    mpirun -n 3 lode run opportunities web.lode -o run1
    nothing_left_running
    json run1/run.json "d[\"workers\"], d[\"exit_status\"]"
    test "$(json run1/run.json "d[\"exit_status\"]")" = 0
    test ! -e run1/stages'

expect "lode show prints ranked findings that fit the width and hold no control bytes" '
    lode show run1 >shown
    cat shown
    grep -q "low_memory_warning" shown
    ! grep -q "$(printf "\033")" shown
    awk "length(\$0) > 100 { bad = 1 } END { exit bad }" shown'

expect "lode explain names the stages that the run had" '
    lode explain opportunities web.lode --json >explained
    json explained "\"\n\".join(s[\"stage\"] for s in d[\"stages\"])" >told
    json run1/run.json "\"\n\".join(s[\"title\"] for s in d[\"stages\"])" | diff told -'

expect "lode show --finding tells all of one finding: sentence, figures, sessions, two timelines" '
    lode show run1 --finding 1 >one
    cat one
    lode show run1 --finding 1 --json >one.json
    test "$(wc -l <one.json)" = 1
    grep -qF "$(json one.json "d[\"example_sessions\"][0]")" one
    for timeline in timeline normal_timeline; do # title, names, events, an empty line
        sed -n "/^$timeline\$/,/^\$/p" one >told
        grep -qF "$(json one.json "d[\"$timeline\"][0][\"event\"]")" told
        test "$(grep -c . told)" = $(($(json one.json "len(d[\"$timeline\"])") + 2))
    done
    test "$(json one.json "d[\"timeline_session\"] in d[\"example_sessions\"]")" = True
    test "$(json one.json "d[\"normal_session\"] in d[\"example_sessions\"]")" = False
    ! LC_ALL=C grep -q "[[:cntrl:]]" one'

expect "a rank that is not there is a usage error" '
    code=0
    lode show run1 --finding 9999 2>said || code=$?
    test $code = 2 && grep -q "the run has [0-9]* findings" said'

expect "lode show says 1, 2, 3 ... in the order of the findings" '
    lode show run1 --json >findings
    cmp findings run1/findings.jsonl
    '"$python"' -c "
import json
ranks = [json.loads(line)[\"rank\"] for line in open(\"findings\")]
assert ranks == list(range(1, len(ranks) + 1)) and ranks, ranks"'

expect "every table can be exported as CSV and as JSON Lines, with equally many rows" '
    lode export run1 >tables
    for table in patterns cohorts opportunities summary tasks; do grep -qx $table tables; done
    for table in patterns cohorts opportunities summary; do
        lode export run1 $table >$table.csv
        lode export run1 $table --format jsonl >$table.jsonl
        '"$python"' -c "
import csv, json, sys
rows = list(csv.DictReader(open(\"$table.csv\")))
lines = [json.loads(line) for line in open(\"$table.jsonl\")]
assert rows and len(rows) == len(lines), (len(rows), len(lines))
assert list(rows[0]) == list(lines[0]), (list(rows[0]), list(lines[0]))"
    done'

# header FILE NAME...: the CSV has these columns, among others (specs are a contract)
header() {
    file=$1
    shift
    for name; do
        head -n 1 "$file" | tr ',' '\n' | grep -qx "$name" || { echo "$file: no column $name"; return 1; }
    done
}
expect "tables have the columns that are promised" '
    header patterns.csv kpi cohort k pattern faulty_with normal_with faulty_total normal_total \
        faulty_rate normal_rate ratio p q expert_pattern
    header cohorts.csv kpi attribute value users sessions kpi_mean all_mean difference \
        relative_difference z
    header opportunities.csv rank kpi expert cohort hypothesis effect ratio q impact example_sessions
    header summary.csv kpi k sessions users faulty normal events distinct_events \
        ngram_occurrences distinct_ngrams session_ngram_pairs
    lode export run1 tasks >tasks.csv
    header tasks.csv task worker attempt start_ms duration_ms'

expect "lode version and --help of every command work" '
    lode version | grep -q "^lode "
    for command in stage run show export info gen; do
        lode $command --help >help
        grep -q "example:" help
    done
    lode run opportunities --help | grep -q min_support'

finish
