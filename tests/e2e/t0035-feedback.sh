#!/bin/sh
# What people say of findings is kept beside the store, shown, and shares the budget of later runs.
. "$(dirname "$0")/lib.sh"

unset LODE_TEMPLATES
if ! {
    lode gen events --users 600 --seed 7 -o logs && lode stage events logs/*.csv -o web.lode &&
        lode run opportunities web.lode -o run1 --local 2 --quiet --set generate=offline \
            --set max_hypotheses=80
} >"$log" 2>&1; then
    cat "$log"
    exit 1
fi

# The rank of the first finding about a generated definition of that template's.
rank_of() {
    "$python" - "$1" <<'TEXT'
import json, sys
names = {d["name"] for d in json.load(open("run1/generated.json"))["definitions"] if d["template"] == sys.argv[1]}
for number, line in enumerate(open("run1/findings.jsonl"), 1):
    if any('"%s=' % name in line for name in names):
        print(number)
        break
TEXT
}
of_template() { json "$1/generated.json" "sum(x[\"template\"] == \"$2\" for x in d[\"definitions\"])"; }

rank=$(rank_of not_within)
expect "a verdict is kept with what the hypothesis was made from" '
    [ -n "$rank" ]
    lode feedback run1 "$rank" useful --reason "led to the fix" | grep -q "noted as useful"
    [ "$(json web.lode.feedback.jsonl "d[\"verdict\"], d[\"template\"], d[\"class\"], d[\"reason\"]")" = \
        "('"'useful', 'not_within', 'given_patterns', 'led to the fix'"')" ]
    COLUMNS=300 lode feedback web.lode --list >list; cat list; grep -q "useful .*not_within  *led to the" list
    lode feedback run1 --list --json | cmp - web.lode.feedback.jsonl'
expect "lode show marks it, as JSON too" '
    lode show run1 --top 0 | grep -q useful
    [ "$(lode show run1 --json | grep -c "\"feedback\":\"useful\"")" = 1 ]'
expect "a later run gives more to what was useful and less to noise, and says so" '
    lode run opportunities web.lode -o run2 --local 2 --quiet --set generate=offline --set max_hypotheses=80
    [ "$(of_template run2 not_within)" -gt "$(of_template run1 not_within)" ]
    [ "$(of_template run2 weekend)" -le 1 ]
    [ "$(json run2/run.json "d[\"generator\"][\"opinions\"]")" = 1 ]
    lode feedback run1 "$rank" noise
    [ "$(wc -l <web.lode.feedback.jsonl)" = 1 ]
    lode run opportunities web.lode -o run3 --local 2 --quiet --set generate=offline --set max_hypotheses=80
    [ "$(of_template run3 not_within)" -lt "$(of_template run1 not_within)" ]'
expect "without a generator a run is the same bytes whatever was said" '
    lode run opportunities web.lode -o a --local 1 --quiet
    lode feedback web.lode --remove "$(sed "s/.*\"id\":\"\([0-9a-f]*\)\".*/\1/" web.lode.feedback.jsonl)"
    [ ! -s web.lode.feedback.jsonl ]
    lode run opportunities web.lode -o b --local 1 --quiet
    [ "$(results a)" = "$(results b)" ]'
refuse 2 '.good.: a finding is .useful. or .noise.' 'lode feedback run1 1 good'
refuse 2 'run1 has [0-9]* findings, no number 9999' 'lode feedback run1 9999 noise'
refuse 2 'no feedback has the id 000000000000' 'lode feedback web.lode --remove 000000000000'
printf '{"id":"x"}\n' >web.lode.feedback.jsonl
refuse 3 'web.lode.feedback.jsonl:1: no text "job"' 'lode feedback web.lode --list'
finish
