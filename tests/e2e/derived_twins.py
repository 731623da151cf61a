#!/usr/bin/python3
"""Rows of a run that must be equal: those of attributes and KPIs by expression, and those that lode has
without expressions for the same sessions. Takes the folder with real-*.csv; prints what is different."""
import csv
import pathlib
import sys

LIFECYCLE = {("first", "true"): "session_index=1", ("second", "true"): "session_index=2",
             ("later", "true"): "session_index>1", ("first", "false"): "session_index>1",
             ("after_gap", "true"): "session_after_gap", ("sparse", "true"): "sparse_user"}
KPIS = {"bounce2": "kpi_bounce", "return2": "kpi_no_return_14d", "long2": "kpi_duration_s"}
FIGURES = ["users", "sessions", "kpi_mean", "all_mean", "difference", "relative_difference", "faulty", "low", "high", "p", "q"]

folder = pathlib.Path(sys.argv[1])
compared, different = 0, []


def read(table):
    return list(csv.DictReader(open(folder / f"real-{table}.csv", newline="")))


def compare(what, a, b):
    global compared
    compared += 1
    if a != b:
        different.append(f"{what}: {a} is not {b}")


cohorts = {(r["kpi"], r["attribute"], r["value"]): r for r in read("cohorts")}
for (kpi, attribute, value), row in cohorts.items():
    other = None
    if (attribute, value) in LIFECYCLE:
        other = cohorts[kpi, "lifecycle", LIFECYCLE[attribute, value]]
    if attribute == "twin":
        other = cohorts[kpi, "device", value]
    if other:
        compare((kpi, attribute, value), [row[f] for f in FIGURES], [other[f] for f in FIGURES])

for table in ("cohorts", "patterns", "summary", "opportunities"):
    rows = [{k: v for k, v in r.items() if k not in ("rank", "hypothesis")} for r in read(table)]
    for own, stored in KPIS.items():
        derived = [dict(r, kpi=stored) for r in rows if r["kpi"] == own]
        plain = [r for r in rows if r["kpi"] == stored]
        # one with attribute columns of its own is folded under the same rows, so order and number agree
        compare((table, own, "rows"), len(derived), len(plain))
        for a, b in zip(derived, plain):
            compare((table, own), a, b)

print(f"{compared} rows compared, {len(different)} different")
print("\n".join(different[:5]))
sys.exit(1 if different or compared < 100 else 0)
