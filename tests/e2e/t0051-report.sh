#!/bin/sh
# A run as a page: a browser without a network shows all of it, the way down to raw counters opens,
# and nothing that stands in the data runs.
. "$(dirname "$0")/lib.sh"
browser=$(command -v chromium-headless-shell || command -v chromium) ||
    skip "no chromium-headless-shell (scripts/setup)"

# Two machines of a service, the second with a hostile name and a hostile counter; cpu, load and the
# hostile counter rise at 2050 for half an hour in the first, at 2200 in the second, which lasts.
"$python" - <<'PYTHON'
import csv, random

names = ["cpu", "load", "</script><script>document.title=2</script>", "temperature"]
components = ["shop/db", "shop/<img src=x onerror='document.title=1'>\u202egpj"]


def value(r, component, name, i):
    if name == "temperature":
        return 20 + r.random()
    rises = 2050 <= i < 2080 if component == "shop/db" else i >= 2200
    return 20 + r.random() + (3 if i % 100 >= 90 else 0) + (60 if rises else 0)


def write(path, first, end):
    with open(path, "w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["component", "timestamp_s", *names])
        for component in components:
            for i in range(first, end):
                r = random.Random(f"{component} {i}")
                cells = [f"{value(r, component, name, i):.4f}" for name in names]
                rows.writerow([component, 60 * i, *cells])


write("train.csv", 0, 2000)
write("new.csv", 2000, 2203)
with open("labels.csv", "w") as out:
    out.write("component,start_s,end_s\nshop/db,123000,124800\n")
PYTHON
if ! {
    lode stage counters train.csv -o S --component component --tree / --local 2 --quiet &&
        lode run hierarchy S -o M --local 2 --quiet --set preset=robust &&
        lode stage counters new.csv --append S --local 2 --quiet &&
        lode run hierarchy S --detect M -o R --local 2 --quiet --labels labels.csv \
            --set "thresholds=high: 20" &&
        lode gen events --users 500 --seed 7 -o logs --quiet &&
        sed -i 's/low_memory_warning/<\/script><img src=x onerror=alert(1)>/' logs/events.csv &&
        lode stage events logs/sessions.csv logs/events.csv -o web.lode --local 2 --quiet &&
        lode run opportunities web.lode -o O --local 2 --quiet
} >"$log" 2>&1; then
    cat "$log"
    exit 1
fi

# look FILE.html[#FRAGMENT]: what a browser makes of it, in `dom`, without the data block and scripts;
# whatever it asks the network for is in `requests`.
look() {
    rm -rf profile net.json
    HOME=$work timeout 60 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" \
        --log-net-log="$work/net.json" --dump-dom "file://$work/$1" >whole 2>browser.err || return 1
    sed '/<script/,/<\/script>/d; /<style/,/<\/style>/d' whole >dom
    grep -oE '"url":"[a-z]+:[^"]*"' net.json | sort -u >requests || true
    grep -q '<html lang="en" data-state="ready">' whole || { cat browser.err; head -c 300 whole; return 1; }
}
# there COUNT PATTERN: so often in `dom`.
there() {
    n=$(grep -oE -e "$2" dom | wc -l)
    [ "$n" -eq "$1" ] || { echo "$n times, expected $1: $2"; return 1; }
}
rows_of() { lode export "$1" "$2" | tail -n +2 | wc -l; }

expect 'a detection: findings, components by health in number, word and colour, curves of the evaluation' '
    lode report R -o R.html
    look R.html
    there "$(rows_of R findings)" "<tr data-row="
    there "$(rows_of R health)" "class=\"node( chosen)?\" data-component="
    there 1 "data-detector=\"shop/"
    there 1 "data-component=\"shop\".*class=\"health red\""
    grep -qE "class=\"health green\"><span aria-hidden=\"true\">[^<]*</span>1.00 green" dom
    there 5 "<figure class=\"plot\" data-lines=\"[1-9][0-9]*\" data-points=\"[1-9][0-9]*\""
    there "$(lode export R | grep -vc tasks)" "<details data-table="
    test ! -s requests'

expect 'the way down: a component, its firing, its counters, their values around the change' '
    firing=$(lode export R firings | sed -n "/,shop\/db,end,/s/^\([0-9]*\),.*/\1/p" | head -n 1)
    test -n "$firing"
    look "R.html#component=shop%2Fdb&firing=$firing"
    there 1 "<section class=\"firing\" data-firing=\"$firing\""
    there 2 "data-counter=\"[^\"]*\" data-points=\"120\""
    there 1 "<figure class=\"plot\" data-counter=\"cpu\""
    there 1 "<nav aria-label=\"Components above\""
    look "R.html#component=shop%2Fdb&firing=$firing&counter=cpu"
    there 1 "data-counter="'

expect 'a finding opens by its rank, with its evidence and the way to its component' '
    look "R.html#finding=1"
    there 1 "<tr class=\"detail\">"
    there 1 "Its counters around the change"
    grep -q "<dt>evidence</dt>" dom'

expect 'hostile names are text, and what turns the direction is shown' '
    look R.html
    grep -q "<title>hierarchy on S" whole
    there 0 "<img"
    grep -qF "&lt;img src=x onerror=" dom
    grep -qF "\\u202egpj" dom
    not grep -q "$(printf "\342\200\256")" dom
    test "$(grep -c "</script>" R.html)" -eq 3'

expect 'a training run: levels, groups with their members, what was set aside' '
    lode report M -o M.html
    look "M.html#tree=shop%2Fdb"
    there 3 "<details data-tree="
    there 1 "<details data-tree=\"[^\"]*\" open"
    grep -q "Groups of shop/db" dom
    grep -q "temperature.*constant\|temperature.*cluster of one\|temperature.*no edge" dom'

expect 'opportunities, with one muted' '
    lode mute O 2 --reason "known <b>since</b> May" >muted
    lode report O -o O.html
    look "O.html#finding=1"
    there "$(rows_of O opportunities)" "<tr data-row="
    there 1 "<tr class=\"detail\">"
    grep -qF "known &lt;b&gt;since&lt;/b&gt; May" dom
    there 0 "<img"'

expect 'a run of an analysis without findings has its tables' '
    sed "s/\"job\":.*/\"job\": \"mine\",/" O/run.json >run.json
    mv run.json O/run.json
    lode report O -o mine.html
    look mine.html
    there 0 "<tr data-row="
    there "$(lode export O | grep -vc tasks)" "<details data-table="'

expect 'the same run is the same page' '
    lode report R -o again.html
    cmp R.html again.html'

expect 'a file that exists stays, but with --force' '
    echo mine >R.html
    code=0; lode report R -o R.html || code=$?
    test $code -eq 2 && test "$(cat R.html)" = mine
    lode report R -o R.html --force
    cmp R.html again.html
    lode report --help | grep -q "lode report run1 -o run1.html"'
refuse 2 "takes a run and a file" 'lode report R'
refuse 2 "no such run" 'lode report nothing -o x.html'
refuse 4 "no/x.html" 'lode report R -o no/x.html'
finish
