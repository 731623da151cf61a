#!/bin/sh
# Rates of events as counters: counts of a store of events are those that pandas finds in the files,
# also when the store grows, for any number of workers; beside ordinary counters in one tree they are
# what detectors learn from; what is no rate is refused by name.
. "$(dirname "$0")/lib.sh"
need_data events/deskdrop
need_python h5py pandas
real=$LODE_DATA/events/deskdrop

cat >rates.yaml <<'YAML'
rates:
  all: any
  views: VIEW
  liked: VIEW -> LIKE
  discussed: VIEW => COMMENT_CREATED
YAML
counted() {
    "$python" "$LODE_SOURCE/tests/e2e/event_rates.py" "$@"
}
# parts: real sessions and events cut in two at the time of their middle event, in the order of the files
"$python" - "$real" <<'PYTHON'
import gzip
import sys

files = {kind: gzip.open(f"{sys.argv[1]}/{kind}.csv.gz", "rt").read().splitlines()
         for kind in ("sessions", "events")}
times = sorted(int(line.split(",")[2]) for line in files["events"][1:])
for kind, lines in files.items():
    outs = [open(f"{kind}{p}.csv", "w") for p in range(2)]
    for out in outs:
        out.write(lines[0] + "\n")
    for line in lines[1:]:
        outs[int(line.split(",")[2]) >= times[len(times) // 2]].write(line + "\n")
PYTHON

expect "deskdrop: every slot of every component and rate as pandas counts it, the first half and the whole" '
    lode stage events sessions0.csv events0.csv -o web.lode --partition-bytes 1M --local 2 --quiet
    lode stage counters web.lode --rates rates.yaml --component country --slot 1d -o R --partition-bytes 256K --local 2 2>told
    grep -qE "^[0-9,]+ events read, [0-9,]+ occurrences counted" told
    counted R events0.csv --sessions sessions0.csv --slot 86400000 --by country
    lode info R --json >info
    test "$(json info "sorted({(c[\"name\"], c[\"type\"], c[\"unit\"]) for c in d[\"counters\"]})")" = \
        "$("$python" -c "print(sorted((n, \"count\", \"events\") for n in (\"all\", \"views\", \"liked\", \"discussed\")))")"
    cp -r R R.first
    lode stage events sessions1.csv events1.csv --append web.lode --local 2 --quiet
    lode stage counters web.lode --append R --local 2 2>told
    not grep -q warning told
    counted R events0.csv events1.csv --sessions sessions0.csv sessions1.csv --slot 86400000 --by country'
expect "1, 2, 5 workers and little memory: the same bytes, of a new store and of a generation" '
    for n in 1 2 5; do
        cp -r R.first "S$n"
        lode stage counters web.lode --append "S$n" --local $n --quiet
        digest "S$n" >"sums$n"
        lode stage counters web.lode --rates rates.yaml --component country --slot 1h -o "N$n" --local $n --quiet
        digest "N$n" >>"sums$n"
    done
    cmp sums1 sums2 && cmp sums1 sums5
    lode stage counters web.lode --rates rates.yaml --component country --slot 1h -o N --memory 48M --local 1 --quiet
    digest N >little && tail -n +$(($(wc -l <sums1) - $(wc -l <little) + 1)) sums1 | cmp - little'
expect "one component by default; names made of attributes in a tree; a mapping file has rates, too" '
    lode stage counters web.lode --rate "all: any" --slot 30d -o one --local 1 --quiet
    lode info one --json >info
    test "$(json info "[c[\"name\"] for c in d[\"components\"]]")" = "['\''web'\'']"
    { cat rates.yaml; echo "slot: 1d"; echo "component-name: \"shop/{device}/{country}\""; echo "tree: /"; } >mapping.yaml
    lode stage counters web.lode --mapping mapping.yaml -o tree --local 2 --quiet
    lode info tree --json >info
    test "$(json info "sorted(c[\"name\"] for c in d[\"components\"] if c[\"name\"].count(\"/\") < 2)")" = \
        "['\''shop'\'', '\''shop/app'\'', '\''shop/desktop'\'', '\''shop/mobile'\'', '\''shop/unknown'\'']"'
finish
