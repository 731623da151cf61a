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

# two regions of a shop, minutes: sessions that request and are done; failures, which are tried again, in
# waves with the load of the machines, and from 10:10 of the second day on for half an hour in eu alone
"$python" - <<'PYTHON'
import random


def session(r, region, i, fails):
    at = 60000 * i + r.randrange(30000)
    yield at, "request", 200
    for _ in range(fails):
        at += 1 + r.randrange(5000)
        yield at, "error", r.choice((500, 503))
        at += 1 + r.randrange(5000)
        yield at, "retry", ""
    yield at + r.randrange(5000), "done", 404 if r.random() < 0.1 else 200


def write(part, first, end):
    with open(f"sessions{part}.csv", "w") as sessions, open(f"events{part}.csv", "w") as events:
        sessions.write("session_id,start_ms,region\n")
        events.write("session_id,timestamp_ms,event,status\n")
        for i in range(first, end):
            for region in "eu", "us":
                r = random.Random(f"{region} {i}")
                wave = i % 100 >= 90
                burst = region == "eu" and 2050 <= i < 2080
                for k in range(2 + r.randrange(2) + 2 * wave):
                    rows = list(session(r, region, i, 8 if burst else 2 * (r.random() < (0.3 if wave else 0.02))))
                    sessions.write(f"{region}-{i}-{k},{rows[0][0]},{region}\n")
                    for at, name, status in rows:
                        events.write(f"{region}-{i}-{k},{at},{name},{status}\n")
    with open(f"machines{part}.csv", "w") as out:
        out.write("component,timestamp_s,cpu,load\n")
        for component in "shop/eu/db", "shop/us/db":
            for i in range(first, end):
                r = random.Random(f"{component} {i}")
                more = 5 if i % 100 >= 90 else 0
                out.write(f"{component},{60 * i},{20 + more + r.random():.3f},{3 + more + r.random():.3f}\n")


write(0, 0, 2000)
write(1, 2000, 2090)
PYTHON
cat >errors.yaml <<'YAML'
rates:
  requests: request
  errors: error{status >= 500}
  failed: error -> retry -> error
  retries: retry within 10s of error
YAML
expect "beside ordinary counters in one tree; a burst of errors is found where it was planted, and no other" '
    lode stage events sessions0.csv events0.csv -o E --event-value status --local 2 --quiet
    lode stage counters machines0.csv -o S --slot 1m --component component --tree / --local 2 --quiet
    lode stage counters E --rates errors.yaml --component-name "shop/{region}/events" --append S --local 2 --quiet
    lode run hierarchy S -o M --local 2 --quiet
    cp -r E E.first && cp -r S S.first
    lode stage events sessions1.csv events1.csv --append E --local 2 --quiet
    lode stage counters E --append S --local 2 --quiet
    lode stage counters machines1.csv --append S --local 2 --quiet
    lode run hierarchy S --detect M -o found --local 2 --quiet
    lode export M groups | grep -q "^mid,shop/eu/events,.*,errors,"
    lode export found findings >findings
    sed -n 2p findings | grep -qE "shop/eu/events: .*(errors|failed|retries).* 1970-01-02 10:1[0-3] UTC"
    test "$(wc -l <findings)" -eq 2'
expect "rates first, then files of machines: the same tree and values" '
    lode stage counters E.first --rates errors.yaml --component-name "shop/{region}/events" --slot 1m --tree / -o F --local 2 --quiet
    sed s/component,// machines0.csv | awk -F, "NR == 1 { print } NR > 1 && \$1 == \"shop/eu/db\" { print \$2 \",\" \$3 \",\" \$4 }" >db.csv
    lode stage counters db.csv --append F --local 2 --quiet
    lode stage counters E --append F --local 2 --quiet
    lode info F --json >info && lode info S --json >other
    test "$(json info "[(c[\"times\"], c[\"first_ms\"]) for c in d[\"components\"] if c[\"name\"] == \"shop/eu/events\"]")" = \
        "$(json other "[(c[\"times\"], c[\"first_ms\"]) for c in d[\"components\"] if c[\"name\"] == \"shop/eu/events\"]")"
    test "$(json info "[c[\"times\"] for c in d[\"components\"] if c[\"name\"] == \"db\"]")" = "[2000]"'

refuse 3 "E: has not grown since its rates were counted" 'lode stage counters E --append S --local 1 --quiet'
refuse 3 "E.first: not the store of events from which the rates of .* were counted" \
    'lode stage counters E.first --append S --local 1 --quiet'
refuse 2 "the store has its rates \(errors, ...\)" 'lode stage counters E --append S.first --rate "a: any" --local 1'
refuse 2 "^lode: --component: .* knows whose its rates are" 'lode stage counters E --append S.first --component region --local 1'
refuse 2 "^lode: --component: appending maps columns" 'lode stage counters db.csv --append F --component x --local 1'
printf 'component,timestamp_s,errors\nmail,9000000,1\n' >more.csv
refuse 3 "counter 'errors' is a rate of the store" 'lode stage counters more.csv --append S --local 1 --quiet'
lode stage counters machines0.csv -o P --slot 1m --component component --tree / --local 2 --quiet
refuse 3 "component 'shop/eu/db' has counter 'cpu' already, which is no rate; .* 'shop/eu/db/events'" \
    'lode stage counters E --rates errors.yaml --component-name "shop/{region}/db" --append P --local 1 --quiet'
refuse 2 "rate 'cpu': the store has a counter of that name" \
    'lode stage counters E --rate "cpu: any" --append P --local 1 --quiet'
printf 'session_id,start_ms,region\nlate,6000000,eu\n' >sessions2.csv
printf 'session_id,timestamp_ms,event,status\nlate,6000000,request,200\nlate,6000001,done,200\n' >events2.csv
lode stage events sessions2.csv events2.csv --append E --local 1 --quiet
refuse 3 "1 of 1 new occurrences are in slots before the last one" 'lode stage counters E --append S --local 1 --quiet'
expect "late events are told, kept out and counted" '
    lode stage counters E --append S --max-rejects 100% --local 1 2>told
    grep -q "^warning: 1 occurrences before the last slot that was staged: left out" told
    lode info S | grep -q "occurrences before the last slot that was staged: left out"'

refuse 2 "rates.yaml:4:18: no event has the name 'LIEK', did you mean 'LIKE'" \
    'sed -i s/LIKE/LIEK/ rates.yaml; lode stage counters web.lode --rates rates.yaml --slot 1d -o X --local 1'
refuse 2 "rate 'views' was defined already" \
    'lode stage counters web.lode --rates rates.yaml --rate "views: LIKE" --slot 1d -o X --local 1'
printf 'slots: 3\n' >wrong.yaml
refuse 2 "wrong.yaml:1:1: 'slots': the file has one group, .rates:." \
    'lode stage counters web.lode --rates wrong.yaml --slot 1d -o X --local 1'
refuse 2 "attribute 'contry'; did you mean 'country'" \
    'lode stage counters web.lode --rate "a: any" --component contry --slot 1d -o X --local 1'
refuse 2 "'status' is a number of events: components are named by words" \
    'lode stage counters E --rate "a: any" --component status --slot 1m -o X --local 1'
refuse 2 "rate 'a':1:1: top\(...\) is not for rates" 'lode stage counters web.lode --rate "a: top(2, any)" --slot 1d -o X --local 1'
refuse 2 "rates are counts of slots: give --slot" 'lode stage counters web.lode --rate "a: any" -o X --local 1'
refuse 2 "what of its events is to be counted" 'lode stage counters web.lode --slot 1d -o X --local 1'
refuse 2 "is a file; rates are counted from a store" 'lode stage counters db.csv --rate "a: any" --slot 1d -o X --local 1'
refuse 3 "S: a store of kind counters" 'lode stage counters S --rate "a: any" --slot 1d -o X --local 1'
refuse 2 "one store, without files" 'lode stage counters web.lode db.csv --rate "a: any" --slot 1d -o X --local 1'
finish
