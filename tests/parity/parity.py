#!/usr/bin/python3
"""Compares the tables of a run of job `opportunities` with the reference answers of one data set.

  parity.py DATA_SET RUN RUN_LOOSE

DATA_SET holds expected_*.csv[.gz] (their README says what they are), RUN and RUN_LOOSE the exports
patterns.csv, cohorts.csv and summary.csv; RUN with k=1..4, min_support=0, RUN_LOOSE also with
min_share=0.01 and min_ratio=1.2. Counts are compared exactly, decimals within 5.1e-7 (relative above
1). Prints a line per file with the rows compared, the first differences, and exits 1 if there are any.
Every expected_* file must be known here: one that is not is a difference too."""
import csv
import gzip
import math
import pathlib
import sys

TOLERANCE = 5.1e-7
SHOWN = 5  # differences of a file that are printed


def read(path):
    """Rows of a CSV file, plain or gzip, as dictionaries."""
    with (gzip.open(path, "rt", newline="") if path.suffix == ".gz" else open(path, newline="")) as file:
        return list(csv.DictReader(file))


def near(found, expected):
    """Equal as decimals; an empty cell is equal to an empty cell only."""
    if found == "" or expected == "":
        return found == expected
    a, b = float(found), float(expected)
    return a == b if math.isinf(b) else abs(a - b) <= TOLERANCE * max(1.0, abs(b))


class Comparison:
    """Differences between what one file expects and what a run has."""

    def __init__(self):
        self.rows = 0
        self.differences = []

    def row(self, key, found, counts=(), decimals=()):
        """counts and decimals: (name, found, expected). found is None where the run has no such row."""
        self.rows += 1
        if found is None:
            self.differences.append(f"{key}: no such row")
            return
        for name, a, b in counts:
            if int(a) != int(b):
                self.differences.append(f"{key}: {name} is {a}, expected {b}")
        for name, a, b in decimals:
            if not near(a, b):
                self.differences.append(f"{key}: {name} is {a}, expected {b}")

    def no_others(self, found, expected):
        """The run may have no rows (given by key) but the expected ones."""
        for key in sorted(set(found) - set(expected)):
            self.differences.append(f"{key}: not expected")


class Run:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.patterns = {(r["kpi"], r["cohort"], int(r["k"]), r["pattern"]): r for r in read(folder / "patterns.csv")}
        self.cohorts = {(r["kpi"], r["attribute"], r["value"]): r for r in read(folder / "cohorts.csv")}
        self.summary = {(r["kpi"], int(r["k"])): r for r in read(folder / "summary.csv")}

    def expert(self, in_cohorts, last_k):
        """Patterns that pass expert pattern, over all sessions or inside cohorts of one attribute."""
        return {key: r for key, r in self.patterns.items()
                if r["expert_pattern"] == "1" and (key[1] != "") == in_cohorts and "&" not in key[1] and key[2] <= last_k}


def pair(found, expected, names):
    return [(n, found[n], expected[n]) for n in names] if found else ()


def ngrams(c, rows, run, _):
    for e in rows:
        key = (e["kpi"], "", int(e["k"]), e["pattern"])
        f = run.patterns.get(key)
        c.row(key, f, pair(f, e, ("faulty_with", "normal_with")))


def expert1(c, rows, run, _):
    found, keys = run.expert(False, 4), []
    for e in rows:
        key = (e["kpi"], "", int(e["k"]), e["pattern"])
        f = found.get(key)
        keys.append(key)
        decimals = f and [("faulty_rate", f["faulty_rate"], e["support_faulty"]),
                          ("normal_rate", f["normal_rate"], e["rate_normal"]), ("ratio", f["ratio"], e["ratio"])]
        c.row(key, f, pair(f, e, ("faulty_with", "normal_with", "faulty_total", "normal_total")), decimals or ())
    c.no_others(found, keys)


def expert1_loose(c, rows, _, loose):
    found, keys = loose.expert(False, 4), []
    for e in rows:
        key = (e["kpi"], "", int(e["k"]), e["pattern"])
        f = found.get(key)
        keys.append(key)
        c.row(key, f, pair(f, e, ("faulty_with", "normal_with")), pair(f, e, ("ratio",)))
    c.no_others(found, keys)


def expert1_cohorts(c, rows, run, _):
    found, keys = run.expert(True, 3), []
    for e in rows:
        key = (e["kpi"], f"{e['attribute']}={e['value']}", int(e["k"]), e["pattern"])
        f = found.get(key)
        keys.append(key)
        c.row(key, f, pair(f, e, ("faulty_with", "normal_with", "faulty_total", "normal_total")), pair(f, e, ("ratio",)))
    c.no_others(found, keys)


def beyond(value):
    """The flags of expected_lifecycle.csv: empty without a value."""
    return "" if value == "" else str(int(abs(float(value)) > 0.25))


def lifecycle(c, rows, run, _):
    keys = []
    for e in rows:
        key = (e["kpi"], "lifecycle", e["cohort"])
        f = run.cohorts.get(key)
        keys.append(key)
        decimals = f and [("kpi_mean", f["kpi_mean"], e["mean"]), ("all_mean", f["all_mean"], e["all_mean"]),
                          ("difference", f["difference"], e["difference"]),
                          ("relative_difference", f["relative_difference"], e["relative_difference"]),
                          ("relative over 25 %", beyond(f["relative_difference"]), e["rel_gt_25pct"])]
        if f and not e["kpi"].endswith(("_s", "_hours")):  # the other flag is of 0/1 KPIs
            decimals.append(("over 25 points", beyond(f["difference"]), e["abs_gt_25pp"]))
        c.row(key, f, pair(f, e, ("sessions", "users")), decimals or ())
    c.no_others([k for k in run.cohorts if k[1] == "lifecycle" and k[2] in {e["cohort"] for e in rows}], keys)


def cohorts(c, rows, run, _):
    keys = []
    kpis = [name for name in (rows[0] if rows else {}) if name.startswith("kpi_")]
    for e in rows:
        for kpi in kpis:
            key = (kpi, e["attribute"], e["value"])
            f = run.cohorts.get(key)
            keys.append(key)
            c.row(key, f, pair(f, e, ("sessions", "users")), [("kpi_mean", f["kpi_mean"], e[kpi])] if f else ())
    c.no_others([k for k in run.cohorts if k[1] != "lifecycle" and "&" not in k[1]], keys)


def summary(c, rows, run, _):
    for e in rows:
        key = (e["kpi"], int(e["k"]))
        f = run.summary.get(key)
        c.row(key, f, pair(f, e, [n for n in e if n not in ("kpi", "k")]))
    c.no_others(run.summary, [(e["kpi"], int(e["k"])) for e in rows])


COMPARE = {f"ngrams_k{k}": ngrams for k in range(1, 5)} | dict(
    expert1=expert1, expert1_loose=expert1_loose, expert1_cohorts=expert1_cohorts,
    lifecycle=lifecycle, cohorts=cohorts, summary=summary)


def main():
    data, run, loose = pathlib.Path(sys.argv[1]), Run(sys.argv[2]), Run(sys.argv[3])
    files = sorted(data.glob("expected_*.csv*"))
    bad = 0 if files else 1
    for path in files:
        name = path.name.removeprefix("expected_").split(".")[0]
        c = Comparison()
        if name in COMPARE:
            COMPARE[name](c, read(path), run, loose)
        else:
            c.differences.append("no comparison for this file")
        print(f"{data.name} {path.name}: {c.rows} rows, {len(c.differences)} differences")
        for line in c.differences[:SHOWN]:
            print(f"    {line}")
        bad += len(c.differences)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
