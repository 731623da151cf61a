#!/usr/bin/python3
"""Are all patterns with gaps of a run those of a plain loop over every choice of events?

  gapped.py EVENTS.csv.gz SESSIONS.csv.gz PATTERNS.csv LAST_K

PATTERNS.csv is table patterns of a run with gaps=on and min_support=0, over all sessions. Prints
how many rows were compared; exits 1 at the first difference."""
import collections
import csv
import gzip
import itertools
import sys


def rows(path):
    with (gzip.open(path, "rt", newline="") if path.endswith(".gz") else open(path, newline="")) as file:
        yield from csv.DictReader(file)


def main():
    events_path, sessions_path, patterns_path, last_k = *sys.argv[1:4], int(sys.argv[4])
    events = collections.defaultdict(list)
    for row in rows(events_path):
        events[row["session_id"]].append((int(row["seq"]), row["event"]))
    sessions = list(rows(sessions_path))
    kpis = [n for n in sessions[0] if n.startswith("kpi_") and {s[n] for s in sessions} <= {"0", "1"}]
    expected = collections.Counter()
    for session in sessions:
        names = [event for _, event in sorted(events[session["session_id"]])]
        found = {p for k in range(1, last_k + 1) for p in itertools.combinations(names, k)}
        for kpi in kpis:
            for pattern in found:
                expected[kpi, "|".join(pattern), session[kpi]] += 1
    seen = 0
    for row in rows(patterns_path):
        if row["cohort"]:
            continue
        for column, outcome in (("faulty_with", "1"), ("normal_with", "0")):
            if int(row[column]) != expected.pop((row["kpi"], row["pattern"], outcome), 0):
                sys.exit(f"{row['kpi']} {row['pattern']}: {column} {row[column]} is wrong")
        seen += 1
    if expected:
        sys.exit(f"not in the table: {next(iter(expected))}")
    print(f"{seen} rows compared")


if __name__ == "__main__":
    main()
