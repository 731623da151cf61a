#!/bin/sh
# Counters of every form - wide and long CSV, JSON Lines, answers of Prometheus' query_range - give
# the same values; machines are added up and trees given by a file; what is no good is refused by
# name, and what is found on the way is counted.
. "$(dirname "$0")/lib.sh"
need_python h5py
need_python numpy

cat >forms.py <<'PYTHON'
"""Writes CSV of components (files named after them) in other forms. forms.py FORM FILE... >OUT"""
import csv, gzip, json, os, sys
form, names = sys.argv[1], sys.argv[2:]
samples = []
for name in names:
    component = os.path.basename(name).split(".csv")[0]
    with (gzip.open if name.endswith(".gz") else open)(name, "rt", newline="") as text:
        rows = list(csv.reader(text))
    for c, counter in enumerate(rows[0][1:], 1):
        samples.append((component, counter, [(r[0], r[c]) for r in rows[1:]]))
if form == "long":
    print("time_s,component,counter,value")
    for component, counter, series in samples:
        for t, v in series: print(f"{t},{component},{counter},{v}")
elif form == "jsonl":
    for component, counter, series in samples:
        for t, v in series: print(json.dumps({"time_s": int(t), "component": component, "counter": counter, "value": v or None}))
else: # as Prometheus writes it, on one line; no sample: not there (range) or NaN (nan)
    result = [{"metric": {"__name__": counter, "instance": component},
               "values": [[int(t), v or "NaN"] for t, v in series if v or form == "nan"]}
              for component, counter, series in samples]
    answer = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    sys.stdout.write(json.dumps(answer, separators=(",", ":")))
PYTHON
cat >same.py <<'PYTHON'
"""Do stores hold the same samples, to the bit? Files of partitions may differ (rows without one);
a later generation's first row may be the last of the one before: then it counts."""
import h5py, glob, numpy, re, sys
def generation(name):
    return int((re.search(r"[.]g(\d+)[.]h5$", name) or [0, 1])[1])
def samples(store):
    found = {}
    for name in sorted(glob.glob(store + "/part-*.h5"), key=generation):
        part = h5py.File(name)
        names = part["counters/name"].asstr()[:]
        t, c, v = (part[f"components/{x}_offset"][:] for x in ("time", "counter", "value"))
        for i, component in enumerate(part["components/name"].asstr()[:]):
            times = part["samples/time"][t[i]:t[i + 1]]
            block = part["samples/value"][v[i]:v[i + 1]].reshape(c[i + 1] - c[i], len(times))
            for code, row in zip(part["blocks/counter"][c[i]:c[i + 1]], block):
                found.setdefault((component, names[code]), []).append((times, row))
    for key, pieces in found.items():
        times, row = (numpy.concatenate(x) for x in zip(*pieces))
        keep = numpy.append(times[1:] != times[:-1], True) & ~numpy.isnan(row)
        found[key] = (times[keep].tobytes(), row[keep].tobytes())
    return found
first = samples(sys.argv[1])
assert first
for other in sys.argv[2:]:
    assert samples(other) == first, other
print(len(first), "series")
PYTHON
long="--time time_s --component component --counter counter --value value"

# by hand
expect "query_range: the component from labels, the counter from the rest; NaN and infinite by rule" '
    mkdir hand && cd hand
    printf "%s" "{\"status\":\"success\",\"isPartial\":false,\"data\":{\"resultType\":\"matrix\",\"result\":[
        {\"metric\":{\"__name__\":\"http\",\"code\":\"200\",\"instance\":\"a:1\",\"job\":\"web\"},\"values\":[[1700000000,\"1\"],[1700000060.5,\"NaN\"],[1700000120,\"3e2\"]]},
        {\"metric\":{\"__name__\":\"up\",\"job\":\"web\"},\"values\":[[1700000000,\"+Inf\"],[1700000060,\"-Inf\"],[1700000120,\"0\"]]}]}}" >q.json
    lode stage counters q.json -o s --local 1 --max-rejects 50% 2>told
    grep -q "^6 rows read = 4 used + 2 rejected" told
    grep -q "^1 samples missing: empty, null or NaN" told
    grep -q "2 rows rejected: an infinite number" told
    lode info s --json >info
    test "$(json info "[c[\"name\"] for c in d[\"components\"]], [c[\"name\"] for c in d[\"counters\"]], d[\"found\"]")" = \
        "(['\''a:1'\'', '\''web'\''], ['\''http{code=\"200\",job=\"web\"}'\'', '\''up'\''], {'\''samples missing: empty, null or NaN'\'': 1, '\''an infinite number'\'': 2})"
    lode stage counters q.json -o byjob --component job --local 1 --quiet --max-rejects 50%
    lode info byjob --json >info
    test "$(json info "[c[\"name\"] for c in d[\"components\"]]")" = "['\''web'\'']"
    gzip -k q.json && lode stage counters q.json.gz -o gz --local 1 --quiet --max-rejects 50%
    cmp s/part-00000.h5 gz/part-00000.h5
    test "$("$python" -c "import json; print([(r[\"line\"], r[\"reason\"]) for r in map(json.loads, open(\"s/rejects.jsonl\"))])")" = \
        "[(2, '\''an infinite number'\''), (2, '\''an infinite number'\'')]"'

expect "machines: sum, min, max and mean by hand, by column, by label, by name and by file" '
    mkdir agg && cd agg
    printf "time_s,service,host,cpu,mem\n60,web,h2,4,\n0,web,h1,1,8\n30,web,h2,2,7\n0,web,h2,,5\n300,web,h1,-1,\n0,db,h1,9,9\n" >rows.csv
    lode stage counters rows.csv -o col --time time_s --component service --aggregate host --slot 1m --units cpu=% --local 1 2>told
    grep -q "3 times without a row in 1 components" told
    cat >wanted <<TEXT
db cpu.max 0=9
db cpu.mean 0=9
db cpu.min 0=9
db cpu.sum 0=9
db mem.max 0=9
db mem.mean 0=9
db mem.min 0=9
db mem.sum 0=9
web cpu.max 0=2 60=4 300=-1
web cpu.mean 0=1.5 60=4 300=-1
web cpu.min 0=1 60=4 300=-1
web cpu.sum 0=3 60=4 300=-1
web mem.max 0=8
web mem.mean 0=6.66667
web mem.min 0=5
web mem.sum 0=20
TEXT
    "$python" -c "
import sys; sys.argv = [\"\", \"col\"]
exec(open(\"../same.py\").read().split(\"first =\")[0])
for (component, counter), (t, v) in sorted(samples(\"col\").items()):
    print(component, counter, *(f\"{a // 1000}={b:g}\" for a, b in zip(numpy.frombuffer(t, \"<i8\"), numpy.frombuffer(v))))" >found
    cmp wanted found
    lode info col --json >info
    test "$(json info "{c[\"unit\"] for c in d[\"counters\"] if c[\"name\"].startswith(\"cpu\")}")" = "{'\''%'\''}"
    (head -n 1 rows.csv && tail -n +2 rows.csv | tac) >turned.csv
    lode stage counters turned.csv -o turned --time time_s --component service --aggregate host --slot 1m --units cpu=% --local 2 --quiet
    cmp col/part-00000.h5 turned/part-00000.h5
    sed "s/,service,host,/,name,/; s/,web,/,web\//; s/,db,/,db\//" rows.csv >named.csv
    lode stage counters named.csv -o named --time time_s --component name --aggregate "{component}/{machine}" --slot 1m --local 1 --quiet
    for m in web-h1 web-h2 db-h1; do
        (echo time_s,cpu,mem; grep ",${m%-*},${m#*-}," rows.csv | sed "s/,${m%-*},${m#*-},/,/") >$m.csv
    done
    lode stage counters web-h1.csv web-h2.csv db-h1.csv -o files --time time_s --aggregate "{component}-{machine}" --slot 1m --local 2 --quiet
    "$python" - >q.json <<PYTHON
import csv, json
series = {}
for r in sorted(csv.DictReader(open("rows.csv")), key=lambda r: int(r["time_s"])):
    for c in ("cpu", "mem"):
        series.setdefault((r["service"], r["host"], c), []).append([int(r["time_s"]), r[c] or "NaN"])
print(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [
    {"metric": {"__name__": c, "job": s, "instance": h}, "values": v} for (s, h, c), v in series.items()]}}))
PYTHON
    lode stage counters q.json -o labels --component job --aggregate instance --slot 1m --local 1 --quiet
    "$python" ../same.py col turned named files labels'

expect "a tree from YAML: ancestors, later components too; names in no input are told" '
    mkdir tree && cd tree
    printf "time,cpu\n1,1\n" >a.csv; printf "time,cpu\n1,2\n" >b.csv; printf "time,cpu\n1,3\n" >other.csv
    printf "shop:\n  a-long-name-of-a-component:\n    - a\n    - b\n  back: [c, d]\n" >tree.yaml
    lode stage counters a.csv other.csv -o s --tree-file tree.yaml --local 1 2>told
    grep -q "warning: 4 names of the tree are in no input: b, back, c, d" told
    lode stage counters b.csv --append s --local 1 --quiet
    lode info s --json >info
    test "$(json info "[(c[\"name\"], c.get(\"parent\")) for c in d[\"components\"]]")" = \
        "[('\''a'\'', '\''a-long-name-of-a-component'\''), ('\''a-long-name-of-a-component'\'', '\''shop'\''), ('\''other'\'', None), ('\''shop'\'', None), ('\''b'\'', '\''a-long-name-of-a-component'\'')]"'

# any order, workers and generations
"$python" - <<'PYTHON'
import random
r = random.Random(5)
rows = [(t * 20 + r.randrange(20), f"s{s}", f"h{h}", repr(r.gauss(0, 1e3)), r.choice(["", "NaN", repr(r.random())]))
        for t in range(300) for s in range(5) for h in range(7) if r.random() < 0.9]
first = [x for x in rows if x[0] < 3010]
for name, part in (("all", rows), ("one", first), ("two", rows[len(first):] if len(first) < len(rows) else [])):
    part = [x for x in rows if (x[0] >= 3010) == (name == "two") or name == "all"]
    for turn in range(2):
        r.shuffle(part)
        for i in range(3):
            with open(f"{name}{turn}.{i}.csv", "w") as out:
                out.write("t_s,service,host,cpu,mem\n" + "".join(",".join(map(str, x)) + "\n" for x in part[i::3]))
PYTHON
machines="--time t_s --component service --aggregate host --slot 2m --partition-bytes 40K --quiet"
expect "machines: the order of rows and files, 1, 2 and 5 workers, and a slot at a seam change no bit" '
    lode stage counters all0.*.csv -o m1 $machines --local 1
    lode stage counters all1.*.csv -o m2 $machines --local 2
    lode stage counters all0.2.csv all0.0.csv all0.1.csv -o m5 $machines -n 5
    lode stage counters one0.*.csv -o grown $machines --local 2
    lode stage counters two1.*.csv --append grown --quiet --local 1
    "$python" same.py m1 m2 m5 grown
    for f in m1/part-*; do cmp $f m2/${f#m1/} && cmp $f m5/${f#m1/}; done
    "$python" - <<PYTHON
import sys; sys.argv = ["", "m1"]
exec(open("same.py").read().split("first =")[0])
import csv
wanted = {}
rows = sorted((int(r["t_s"]), r["service"], r["host"], r["cpu"]) for i in range(3) for r in csv.DictReader(open(f"all0.{i}.csv")))
begin = {}
for t, s, h, v in rows: begin.setdefault(s, t)
for t, s, h, v in rows: wanted.setdefault((s, (t - begin[s]) // 120), []).append(float(v))
found = samples("m1")
for statistic, f in (("sum", lambda x: __import__("functools").reduce(lambda a, b: a + b, x, 0.0)), ("min", min), ("max", max)):
    for s in begin:
        values = numpy.frombuffer(found[s, "cpu." + statistic][1])
        assert list(values) == [f(wanted[k]) for k in sorted(k for k in wanted if k[0] == s)], (s, statistic)
PYTHON
    for x in m1 grown; do lode info $x --json >$x.json; done
    test "$(json m1.json "[(c[\"name\"], c[\"times\"], c[\"last_ms\"]) for c in d[\"components\"]]")" = \
        "$(json grown.json "[(c[\"name\"], c[\"times\"], c[\"last_ms\"]) for c in d[\"components\"]]")"'

# hostile
series() { printf '{"status":"success","data":{"resultType":"matrix","result":[%s]}}' "$1"; }
say() { printf '%s' "$2" >"$1"; }
say error.json '{"status":"error","errorType":"bad_data","error":"invalid parameter"}'
say vector.json '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}'
say scalar.json '{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}'
say string.json '{"status":"success","data":{"resultType":"string","result":[1,"x"]}}'
series '{"metric":{"__name__":"up","job":"a"},"values":[[1,"2"]]},{"metric":{"__name__":"up","job":"a"},"values":[[2,"2"]]}' >twice.json
series '{"metric":{"__name__":"up","job":"a"},"values":[[2,"2"],[1,"2"]]}' >unsorted.json
series '{"metric":{"__name__":"up"},"values":[[1,"2"]]}' >nobody.json
series '{"metric":{"__name__":"up","job":"a"},"values":[[1,2]]}' >number.json
series '{"metric":{"__name__":"up","job":7},"values":[]}' >label.json
series '{"metric":{"__name__":"up","job":"a"},"values":[[1e300,"2"]]}' >late.json
series '' >empty.json
head -c 100 unsorted.json >cut.json
(printf '{"status":"success","data":{"resultType":"matrix","result":'; head -c 100000 /dev/zero | tr '\0' '[') >deep.json
printf 'a:\n  - b\nc: [d, b]\n' >twice.yaml
printf 'time,cpu\n1,2\n' >a.csv
stage="--local 1 --quiet -o x"
refuse 3 'error.json: the answer is an error of type bad_data: invalid parameter' "lode stage counters error.json $stage"
refuse 3 "vector.json: byte [0-9]+: resultType is 'vector'" "lode stage counters vector.json $stage"
refuse 3 "scalar.json: byte [0-9]+: resultType is 'scalar'" "lode stage counters scalar.json $stage"
refuse 3 "string.json: byte [0-9]+: resultType is 'string'" "lode stage counters string.json $stage"
refuse 3 "twice.json: byte [0-9]+: series 2: series 1 once more: counter 'up' of component 'a'" "lode stage counters twice.json $stage"
refuse 3 'unsorted.json: byte [0-9]+: series 1: time 1 is not after the one before' "lode stage counters unsorted.json $stage"
refuse 3 "nobody.json: byte [0-9]+: series 1: no label 'instance,job' says its component" "lode stage counters nobody.json $stage"
refuse 3 'number.json: byte [0-9]+: series 1: a sample is not' "lode stage counters number.json $stage"
refuse 3 "label.json: byte [0-9]+: series 1: a label's value is no text" "lode stage counters label.json $stage"
refuse 3 'late.json: byte [0-9]+: series 1: time 1e300: time out of range' "lode stage counters late.json $stage"
refuse 3 'no sample in 0 rows' "lode stage counters empty.json $stage"
refuse 3 'cut.json: byte 100: .*the JSON ends early' "lode stage counters cut.json $stage"
refuse 3 'deep.json: byte [0-9]+: a series is no object|nested deeper' "lode stage counters deep.json $stage"
refuse 3 "twice.yaml:3:8: 'b' is there twice, first in line 2" "lode stage counters a.csv --tree-file twice.yaml $stage"
refuse 2 '--tree and --tree-file' "lode stage counters a.csv --tree . --tree-file twice.yaml $stage"
refuse 2 'give --slot' "lode stage counters a.csv --aggregate host $stage"
refuse 2 '\{component\}/\{machine\}' "lode stage counters a.csv --slot 1m --aggregate '{host}' $stage"
refuse 3 "no machine column 'host'" "lode stage counters a.csv --slot 1m --aggregate host $stage"

# real data
if [ -d "$LODE_DATA/counters/smd" ]; then
    smd=$LODE_DATA/counters/smd/test
    expect "smd: wide and long CSV, JSON Lines and query_range hold the same values, for 1, 2, 5 workers" '
        two="$smd/machine-1-2.csv.gz $smd/machine-3-3.csv.gz"
        mkdir wide cut
        for f in $two; do gzip -dc $f | head -n 2001 >wide/$(basename $f .gz); done
        for form in long jsonl range; do "$python" forms.py $form wide/*.csv >cut/smd.$form; done
        lode stage counters wide/*.csv -o w --time-unit s --local 2 --quiet
        for form in long jsonl; do lode stage counters cut/smd.$form -o $form $long --local 2 --quiet; done
        for n in 1 2 5; do lode stage counters cut/smd.range -o range$n --local $n --quiet --partition-bytes 1M; done
        digest range1 >one && digest range2 >two && digest range5 >five
        cmp one two && cmp one five
        "$python" same.py w long jsonl range1'
    expect "query_range of 10 MB on one line: 48 MB of memory do" '
        gzip -dc $smd/machine-1-2.csv.gz | head -n 14000 >one.csv
        "$python" forms.py nan one.csv >one.json
        test "$(wc -c <one.json)" -gt 10000000 && test "$(wc -l <one.json)" -eq 0
        lode stage counters one.json -o big --memory 48M --local 1 --quiet
        lode stage counters one.csv -o small --local 1 --quiet
        "$python" same.py small big'
fi

finish
