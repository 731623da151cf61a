#!/bin/sh
# Experts that look over time and at causes find what was planted: a slow rise in a part of a cohort,
# a jump on a known day, a difference that is another attribute's, and one that is real.
. "$(dirname "$0")/lib.sh"

# make WHAT SEED: sessions of experts.py as a store, in several partitions
make() {
    rm -rf logs "$1.lode"
    "$python" "$LODE_SOURCE/tests/e2e/experts.py" "$1" "$2" logs || return 1
    lode stage events logs/sessions.csv logs/events.csv -o "$1.lode" --quiet \
        --partition-bytes $(($(cat logs/*.csv | wc -c) / 3 + 1))
}

# analyse STORE OPTION...: findings as found.csv
analyse() {
    store=$1
    shift
    rm -rf run1
    lode run opportunities "$store" -o run1 --quiet "$@" || return 1
    lode export run1 opportunities >found.csv
}

# row FILE CONDITION...: an expression of Python must be true of exactly one row `r` of a CSV file;
# further ones must be true of that row
row() {
    "$python" -c 'import csv, sys
f = lambda text: float(text or "nan")
rows = [r for r in csv.DictReader(open(sys.argv[1], newline="")) if eval(sys.argv[2])]
for r in rows: print(r)
assert len(rows) == 1, len(rows)
r = rows[0]
for claim in sys.argv[3:]: assert eval(claim), claim' "$@"
}

seeds='1 2'
[ "${LODE_LONG:-}" != 1 ] || seeds=$(seq 1 20)

for seed in $seeds; do
    expect "seed $seed: a gradual rise for first-time users on one version is one finding" '
        make time $seed
        analyse time.lode
        row found.csv "r[\"kpi\"] == \"kpi_login\" and r[\"expert\"] in (\"trend\", \"change\")" \
            "r[\"expert\"] == \"trend\"" \
            "r[\"cohort\"] == \"lifecycle=session_index=1&version=2\"" \
            "int(r[\"rank\"]) <= 5 and f(r[\"low\"]) > 0 and int(r[\"folded\"]) > 0"'
    expect "seed $seed: a jump is one finding, on its day or the next to it" '
        row found.csv "r[\"kpi\"] == \"kpi_pay\" and r[\"expert\"] in (\"trend\", \"change\")" \
            "r[\"expert\"] == \"change\"" "r[\"cohort\"] == \"os=ios\"" \
            "f(r[\"low\"]) < 2 < f(r[\"high\"])" "\"cohort\" in r[\"experts\"]"
        lode export run1 trends >trends.csv
        row trends.csv "r[\"kpi\"] == \"kpi_pay\" and r[\"value\"] == \"ios\" and not r[\"part\"]" \
            "r[\"change_at\"][:10] in (\"2026-02-07\", \"2026-02-08\", \"2026-02-09\")" \
            "r[\"expert\"] == \"change\" and r[\"buckets\"] == \"60\""'
    expect "seed $seed: a confounded difference goes, a real one stays" '
        make causes $seed
        analyse causes.lode
        row found.csv "r[\"cohort\"] == \"banner=on\" and r[\"expert\"] == \"cohort\"" \
            "f(r[\"effect\"]) > 0.25" "abs(f(r[\"survives\"])) < 0.2" \
            "f(r[\"adjusted_low\"]) < 0 < f(r[\"adjusted_high\"])" "\"causal\" not in r[\"experts\"]"
        row found.csv "r[\"expert\"] == \"pattern\" and not r[\"cohort\"]" \
            "\"retry\" in r[\"pattern\"]" "f(r[\"survives\"]) > 0.7" \
            "f(r[\"adjusted_low\"]) < 0.25 < f(r[\"adjusted_high\"])" \
            "r[\"experts\"] == \"pattern+causal\""
        row found.csv "r[\"cohort\"] == \"plan=free\" and r[\"expert\"] == \"cohort\"" \
            "f(r[\"survives\"]) > 0.7"
        [ "$(lode export run1 opportunities | grep -cE ",(trend|change),")" = 0 ]'
done

expect "the words tell rise, jump and what is left" '
    grep -q "that are the first of their user have kpi_login more and more often: " run1/findings.jsonl ||
        analyse time.lode
    grep -q "that are the first of their user have kpi_login more and more often: " run1/findings.jsonl
    grep -q "sessions with os=ios have kpi_pay more often since 2026-02-0" run1/findings.jsonl
    grep -q "Among sessions of equal attributes" run1/findings.jsonl'

expect "experts can be switched off, and nothing else changes" '
    analyse time.lode --set trend=off --set change=off --set causal=off
    [ "$(grep -cE ",(trend|change)," found.csv)" = 0 ]
    not grep -q causal found.csv
    cut -d, -f2,3,5 found.csv >without
    analyse time.lode
    grep -vE ",(trend|change)," found.csv | cut -d, -f2,3,5 | cmp - without'

expect "buckets as wide as one likes, and not too many" '
    analyse time.lode --set bucket=7d
    lode export run1 trends >trends.csv
    row trends.csv "r[\"kpi\"] == \"kpi_login\" and r[\"value\"] == \"all\"" "int(r[\"buckets\"]) in (9, 10)" ||
        [ "$(wc -l <trends.csv)" = 1 ]'
refuse 2 'bucket.*at most 1000.*auto' \
    'lode run opportunities time.lode -o many --quiet --set bucket=1m; code=$?; rm -rf many; (exit $code)'
refuse 2 'parameter bucket: .0s. must be' 'lode run opportunities time.lode -o run9 --set bucket=0s'
refuse 2 'causal_folds' 'lode run opportunities time.lode -o run9 --set causal_folds=1'

expect "1, 2 and 5 workers: the same bytes" '
    lode verify opportunities time.lode -n 1,2,5
    lode verify opportunities causes.lode -n 1,2,5'

finish
