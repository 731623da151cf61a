#!/bin/sh
# lode gen counters makes telemetry of services whose issues are where its truth says, and nowhere
# else; the same bytes for any number of workers, and a store of it has the tree.
. "$(dirname "$0")/lib.sh"
need_python numpy

expect "1, 2 and 5 workers: the same bytes; another seed: others" '
    for n in 1 2 5; do
        lode gen counters --components 8 --counters 17 --slots 3000 --seed 7 -o g$n --local $n --quiet
        digest g$n >d$n
    done
    cmp d1 d2 && cmp d1 d5
    lode gen counters --components 8 --counters 17 --slots 3000 --seed 8 -o other --local 2 --quiet
    digest other >other.d
    not cmp -s d1 other.d'

cat >check.py <<'PYTHON'
"""Are labels.csv, noise.csv and truth.json what the series show? A counter that spikes or drops is
told by its course: the slot against the median of the slots before and behind."""
import csv, json, sys
import numpy as np

folder, kinds = sys.argv[1], set(filter(None, sys.argv[2].split(",")))
truth = json.load(open(f"{folder}/truth.json"))
assert set(truth["planted"]) == kinds, truth["planted"]
read = lambda name: list(csv.DictReader(open(f"{folder}/{name}")))
labels, noise = read("labels.csv"), read("noise.csv")
assert len(labels) == len(truth["issues"])
assert {i["kind"] for i in truth["issues"]} == kinds - {"noise"}, "a kind is missing"
assert bool(noise) == ("noise" in kinds)
series = {}
def load(part, component):
    if (part, component) not in series:
        rows = list(csv.reader(open(f"{folder}/{part}/{component}.csv")))
        series[part, component] = (rows[0][1:], np.array(rows[1:], dtype=float))
    return series[part, component]
def ratio(part, component, counter, start, end):
    names, rows = load(part, component)
    time, values = rows[:, 0], rows[:, 1 + names.index(counter)]
    inside = (time >= start) & (time < end)
    near = (time >= start - 1800) & (time < end + 1800) & ~inside
    return np.median(values[inside]) / np.median(values[near])
rising, falling, flat = [], [], []
for label, issue in zip(labels, truth["issues"]):
    start, end = int(label["start_s"]), int(label["end_s"])
    assert (label["component"], start, end) == (issue["component"], issue["start_s"], issue["end_s"])
    assert sorted(label["counters"].split(";")) == sorted(issue["rising"] + issue["falling"])
    assert bool(issue["falling"]) == (issue["kind"] == "spike_and_drop")
    for counter in load("test", issue["component"])[0]:
        r = ratio("test", issue["component"], counter, start, end)
        (rising if counter in issue["rising"] else falling if counter in issue["falling"] else flat).append(r)
print(len(rising), len(falling), len(flat))
for group, low, high in ((rising, 1.5, 3), (falling, 0.05, 0.6)):
    good = [low < r < high for r in group]
    assert not good or np.mean(good) > 0.95, (low, high, np.mean(good))
good = [0.7 < r < 1.4 for r in flat]
assert not good or np.mean(good) > 0.9, np.mean(good)
alone = []
first_test = min(load("test", c)[1][0, 0] for c in {l["component"] for l in labels} or {"shop.web.front"})
for n in noise[:400]:
    part = "train" if int(n["end_s"]) <= first_test else "test"
    if int(n["start_s"]) < first_test < int(n["end_s"]): continue
    alone.append(ratio(part, n["component"], n["counters"], int(n["start_s"]), int(n["end_s"])))
assert not alone or np.mean([r > 1.5 for r in alone]) > 0.9, alone
# groups move together: neighbours of a group correlate more than counters of two groups do
names, rows = load("train", "shop.web.front")
step = np.diff(rows[:, 1:], axis=0)
r = np.corrcoef(step.T)
same = [r[i, j] for i in range(5) for j in range(i)]
other = [r[i, j] for i in range(5) for j in range(5, 10)]
if "noise" not in kinds: assert np.mean(same) > np.mean(np.abs(other)) + 0.1, (np.mean(same), np.mean(other))
PYTHON
expect "all kinds: each issue moves the counters of its truth, up or down, and those alone" '
    "$python" check.py g1 spike,spike_and_drop,across,noise'
expect "two kinds alone: nothing else is planted" '
    lode gen counters --components 6 --slots 4000 --seed 3 --plant spike,spike_and_drop -o two --local 2 --quiet
    "$python" check.py two spike,spike_and_drop'
expect "--plant none plants nothing; the same series but for what was planted" '
    lode gen counters --components 8 --counters 17 --slots 3000 --seed 7 --plant none -o none --local 2 --quiet
    "$python" check.py none ""
    test "$(wc -l <none/labels.csv)" -eq 1 && test "$(wc -l <none/noise.csv)" -eq 1
    "$python" -c "
import csv
a, b = (list(csv.reader(open(f\"{d}/test/shop.web.front.csv\"))) for d in (\"g1\", \"none\"))
cells = [x != y for r, s in zip(a, b) for x, y in zip(r, s)]
assert 0 < sum(cells) < len(cells) / 5, sum(cells) / len(cells)"'
expect "a store of it: the tree of names, the counters, no gap" '
    lode stage counters g1/train/*.csv -o s --tree . --local 2 --quiet
    lode stage counters g1/test/*.csv --append s --local 2 --quiet
    lode info s --json >info
    test "$(json info "[c[\"name\"] for c in d[\"components\"] if c.get(\"parent\") == \"shop.api\"]")" = \
        "['\''shop.api.front'\'', '\''shop.api.store'\'', '\''shop.api.worker'\'']"
    test "$(json info "(len(d[\"counters\"]), d[\"times\"], sum(c.get(\"gaps\", 0) for c in d[\"components\"]), d[\"found\"])")" = \
        "(17, 48000, 0, {})"'
refuse 2 "did you mean 'across'" 'lode gen counters -o x --plant acros'
refuse 2 'must lie in 60..100000000' 'lode gen counters -o x --slots 5'
refuse 2 'whole seconds' 'lode gen counters -o x --slot 1500ms --quiet --local 1'
refuse 2 '--users is an option of lode gen events, not of counters' 'lode gen counters -o x --users 5'
refuse 2 '--slots is an option of lode gen counters, not of events' 'lode gen events -o x --slots 500'
refuse 2 'exists already' 'lode gen counters -o g1'
refuse 2 'lode gen makes: events, counters' 'lode gen traces -o x'

finish
