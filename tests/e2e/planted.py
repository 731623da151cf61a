#!/usr/bin/python3
"""Is everything that `lode gen events` planted among the first findings?

  planted.py TRUTH.json OPPORTUNITIES.csv LAST_RANK

Prints the rank of each planted thing. A finding is the planted one if KPI, expert and cohort are
its, and for patterns all events; a trend if it is about the cohort and expert trend agrees. A numeric KPI has no impact in faulty sessions, so its findings
come after all others: there the planted cohort must be the first of its KPI. Exits 1 if any is
missing or ranks after LAST_RANK."""
import csv
import json
import sys


def is_it(planted, row):
    if planted["expert"] == "pattern":
        wanted = (planted["cohort"], planted["pattern"])
    else:
        pairs = zip(planted["attribute"].split("&"), planted["value"].split("&"))
        wanted = ("&".join(f"{attribute}={value}" for attribute, value in pairs), "")
    if planted["expert"] == "trend":
        return (row["kpi"], row["cohort"]) == (planted["kpi"], wanted[0]) and "trend" in row["experts"].split("+")
    return (row["kpi"], row["expert"], row["cohort"], row["pattern"]) == (planted["kpi"], planted["expert"], *wanted)


def main():
    truth = json.load(open(sys.argv[1]))
    rows = list(csv.DictReader(open(sys.argv[2], newline="")))
    last = int(sys.argv[3])
    missed = 0
    for planted in truth["planted"]:
        if planted["kind"] == "numeric_cohort":
            among, limit = [r for r in rows if r["kpi"] == planted["kpi"]], 1
        else:
            among, limit = rows, last
        place = next((i + 1 for i, r in enumerate(among) if is_it(planted, r)), None)
        missed += place is None or place > limit
        print(f"{planted['kind']}: {place} of {len(among)}, must be in the first {limit}")
    return 1 if missed or not truth["planted"] else 0


if __name__ == "__main__":
    sys.exit(main())
