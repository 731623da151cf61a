#!/bin/sh
# Two runs compared: what is new, gone, changed; and findings that are known, told with their reason.
. "$(dirname "$0")/lib.sh"

expect "three runs: two alike, one with shorter patterns" '
    lode gen events --users 600 --seed 7 -o logs --quiet
    lode stage events logs/sessions.csv logs/events.csv -o web.lode --quiet
    lode run opportunities web.lode -o run1 --local 2 --quiet
    lode run opportunities web.lode -o run2 --local 1 --quiet
    lode run opportunities web.lode -o run3 --local 2 --quiet --set k=1..2'

expect "a run differs in nothing from another on the same store" '
    lode diff run1 run2 | head -n 1 | grep "run1 -> run2 (opportunities): 0 new, 0 gone, 0 changed"
    lode diff run1 run2 --json >same.json
    json same.json "len(d[\"new\"] + d[\"gone\"] + d[\"changed\"] + d[\"parameters\"])" | grep -qx 0
    test "$(json same.json "d[\"unchanged\"]")" = $(wc -l <run1/findings.jsonl)'

expect "other parameters are warned about by name and value" '
    lode diff run1 run3 2>told
    cat told
    grep "another parameter, k: .1\.\.3. before, .1\.\.2. after" told
    lode diff run1 run3 --json >k.json
    test "$(json k.json "d[\"parameters\"] == [dict(name=\"k\", before=\"1..3\", after=\"1..2\")]")" = True'

expect "new, gone and changed are what the two lists of findings say" '
    '"$python"' - <<PY
import json, subprocess
def key(f): return (f["kpi"], f["expert"], f["cohort"], "|".join(f["pattern"]))
runs = [{key(f): f for f in map(json.loads, open(r + "/findings.jsonl"))} for r in ("run1", "run3")]
d = json.loads(subprocess.check_output(["lode", "diff", "run1", "run3", "--json"]))
def told(kind): return [tuple(f["identity"].values()) for f in d[kind]]
assert told("new") == [k for k in runs[1] if k not in runs[0]], told("new")
assert told("gone") == [k for k in runs[0] if k not in runs[1]], told("gone")
assert told("gone"), "longer patterns must be gone"
def moved(a, b):
    if a is None or b is None: return a is not b
    return abs(a - b) > 0.1 * max(abs(a), abs(b))
both = [k for k in runs[1] if k in runs[0]]
changed = [k for k in both if any(moved(runs[0][k][n], runs[1][k][n]) for n in ("impact", "ratio", "effect"))]
assert told("changed") == changed, (told("changed"), changed)
assert d["unchanged"] == len(both) - len(changed)
PY'

expect "the other way round, new and gone change places" '
    lode diff run1 run3 --json >there.json
    lode diff run3 run1 --json >back.json
    test "$(json there.json "len(d[\"gone\"])")" = "$(json back.json "len(d[\"new\"])")"'

expect "comparing does not depend on when it is done" '
    lode diff run1 run3 --json >again.json
    cmp there.json again.json'

expect "a muted finding is shown apart, with its reason, and counted" '
    results run1 >before
    lode mute run1 2 --reason "known since May"
    lode show run1 --top 0 >shown
    cat shown
    grep -q "^muted: 1 of $(wc -l <run1/findings.jsonl) findings" shown
    grep -q "known since May" shown
    ! sed "/^muted/,\$d" shown | grep -q "^ *2  "
    results run1 | cmp - before'

expect "a mute holds for every run on the store, before and after" '
    lode show run2 | grep -q "known since May"
    lode run opportunities web.lode -o run4 --local 1 --quiet
    lode show run4 | grep -q "known since May"
    cmp run1/results.h5 run4/results.h5
    lode diff run1 run2 | grep -q "^unchanged .*known since May"'

expect "programs read it too: show --json, mute --list --json" '
    lode show run1 --json | sed -n 2p >second.json
    test "$(json second.json "d[\"muted\"]")" = "known since May"
    test "$(lode show run1 --json | sed 2d)" = "$(sed 2d run1/findings.jsonl)"
    lode export run1 opportunities >plain.csv
    ! grep -q "known since May" plain.csv # a table is what results.h5 has
    lode mute --list --json web.lode >mute.json
    test "$(json mute.json "d[\"reason\"], list(d[\"identity\"])[0]")" = "$(printf "(%s, %s)" "'"'known since May'"'" "'"'kpi'"'")"
    test "$(json mute.json "d[\"who\"].count(\"@\")")" = 1'

expect "it can be taken back" '
    lode mute --remove "$(json mute.json "d[\"id\"]")" run1
    lode mute --list web.lode | grep "nothing is muted"
    ! lode show run1 | grep -q "^muted"'

expect "mutes given at the same time are all kept, and no lock is left" '
    for n in 1 2 3 4 5 6; do lode mute run1 $n --reason "number $n" & done
    wait
    test "$(lode mute --list --json run1 | wc -l)" = 6
    test ! -e web.lode.mutes.jsonl.lock'

refuse 2 'takes two runs' 'lode diff run1'
refuse 2 'nowhere: there is no such run' 'lode diff run1 nowhere'
refuse 3 'not a run' 'lode diff run1 web.lode'
refuse 2 'a share such as' 'lode diff run1 run2 --threshold x'
refuse 2 'takes one of these' 'lode mute run1 1'
refuse 2 'no number 1000' 'lode mute run1 1000 --reason x'
refuse 2 'one line of UTF-8' 'lode mute run1 1 --reason "a
b"'
refuse 2 'no mute has the id abc' 'lode mute --remove abc web.lode'

cp web.lode.mutes.jsonl good
printf '{"id":\n' >>web.lode.mutes.jsonl
for command in 'lode show run1' 'lode diff run1 run2' 'lode mute --list web.lode' \
    'lode mute run1 1 --reason x'; do
    refuse 3 'web.lode.mutes.jsonl:7: not JSON' "$command"
done
mv good web.lode.mutes.jsonl

expect "a run whose job has no findings is refused" '
    cp -r run1 other
    '"$python"' -c "
import json
d = json.load(open(\"other/run.json\")); d[\"job\"] = \"gen.events\"
json.dump(d, open(\"other/run.json\", \"w\"))"
    not lode diff run1 other 2>told
    grep "names no job whose findings can be shown" told'

finish
