#!/usr/bin/python3
"""Measures job opportunities: hypotheses a minute and peak memory for 1, 2 and 4 times the sessions, and
what 1 to 1,000 derived attributes cost beside one DuckDB query for each. Started by scripts/bench
--hypotheses.

The input is what lode gen events makes (planted, seed 1); 4 x is about a million sessions. A hypothesis
is a row of table `patterns` or `cohorts`: it was counted and tested. The derived attributes are "A at
some time before B" for pairs of event names; DuckDB holds the same events in memory, loading not
counted, and its counts are compared with those of table `cohorts`."""
import argparse
import csv
import io
import itertools
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import time

from peers import commit, machine, say

USERS = {"1 x": 22_500, "2 x": 45_000, "4 x": 90_000}
KPI = "kpi_crash"


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lode", required=True)
    p.add_argument("--peers", required=True, type=pathlib.Path)
    p.add_argument("--data", required=True, type=pathlib.Path, help="inputs and stores, kept")
    p.add_argument("--report", type=pathlib.Path, help="Markdown file to append to")
    p.add_argument("--shrink", type=int, default=1, help="divides the number of users")
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--attributes", default="1,10,100,1000")
    p.add_argument("--queries", type=int, default=50, help="of DuckDB; their mean stands for the others")
    p.add_argument("--reps", type=int, default=3)
    return p.parse_args()


def make_store(a, users):
    folder = a.data / f"shop-{users}"
    if not folder.exists():
        say(f"generating {folder.name}")
        aside = folder.with_suffix(".tmp")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        logs = aside / "logs"
        for command in (["gen", "events", "--users", users, "-o", logs],
                        ["stage", "events", logs / "sessions.csv", logs / "events.csv", "-o", aside / "web.lode"]):
            subprocess.run([str(x) for x in (a.lode, *command, "--quiet", "--local", a.workers)], check=True)
        aside.rename(folder)
    return folder


def run(a, folder, *arguments):
    """Wall and processor seconds of one run; it is run1."""
    shutil.rmtree("run1", ignore_errors=True)
    command = [a.lode, "run", "opportunities", folder / "web.lode", "-o", "run1", "--local", a.workers, "--quiet", *arguments]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run([str(x) for x in command], check=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def table(a, name):
    text = subprocess.run([a.lode, "export", "run1", name], check=True, capture_output=True, text=True).stdout
    return list(csv.DictReader(io.StringIO(text)))


def count_rows(a, name):
    done = subprocess.run([a.lode, "export", "run1", name], check=True, stdout=subprocess.PIPE)
    return done.stdout.count(b"\n") - 1


def peak_mb(a):
    """Of the worker that took most, as the tasks of the run say."""
    return max(float(row["peak_bytes"]) for row in table(a, "tasks") if row["peak_bytes"]) / 1e6


def growth(a):
    rows = []
    for name, users in USERS.items():
        folder = make_store(a, users // a.shrink)
        figures = [run(a, folder, "--set", "min_support=0") for _ in range(a.reps)]
        wall = statistics.median(f[0] for f in figures)
        sessions = json.loads(subprocess.run([a.lode, "info", str(folder / "web.lode"), "--json"], check=True,
                                             capture_output=True).stdout)["sessions"]
        tested = count_rows(a, "patterns") + count_rows(a, "cohorts")
        rows.append([name, f"{sessions:,}", f"{wall:.2f}", f"{statistics.median(f[1] for f in figures):.2f}", f"{tested:,}",
                     f"{60 * tested / wall:,.0f}", f"{peak_mb(a):.0f}"])
    return rows


def pairs(folder, n):
    with open(folder / "logs" / "events.csv", newline="") as file:
        names = sorted({row["event"] for row in itertools.islice(csv.DictReader(file), 20_000)})
    found = list(itertools.permutations(names, 2))
    return found[:: max(1, len(found) // n)][:n]


def write_spec(wanted):
    with open("spec.yaml", "w") as file:
        file.write("derived:\n")
        for i, (before, after) in enumerate(wanted):
            file.write(f"  d{i}: matches({before} => {after})\n")


def ask_duckdb(a, folder, wanted):
    """Seconds a query, and [sessions, faulty] of those that hold each attribute; None without DuckDB."""
    def query(pair):
        return (f"SELECT count(*), sum({KPI}) FROM (SELECT session_id, coalesce(min(n) FILTER (event = '{pair[0]}') < "
                f"max(n) FILTER (event = '{pair[1]}'), false) AS m FROM events GROUP BY session_id) JOIN sessions USING (session_id) WHERE m")
    job = {"threads": a.workers,
           "setup": [f"CREATE TABLE sessions AS SELECT * FROM read_csv('{folder}/logs/sessions.csv')",
                     f"CREATE TABLE events AS SELECT *, row_number() OVER () AS n FROM read_csv('{folder}/logs/events.csv')"],
           "timed": [f"CREATE OR REPLACE TABLE answer{i} AS {query(pair)}" for i, pair in enumerate(wanted)],
           "result": " UNION ALL ".join(f"SELECT {i}, * FROM answer{i}" for i in range(len(wanted))), "reps": 1}
    node = os.environ.get("PEERS_NODE", "")
    done = subprocess.run(["node", a.peers / "duck.cjs"], input=json.dumps(job), capture_output=True, text=True,
                          env=dict(os.environ, NODE_PATH=str(pathlib.Path(node) / "node_modules")))
    if done.returncode:
        say(f"#### NOT COMPARED: DuckDB: {(done.stderr.strip().splitlines() or ['?'])[0]} ####")
        return None
    line = json.loads(done.stdout.strip().splitlines()[-1])
    answers = {int(i): (int(sessions), int(faulty or 0)) for i, sessions, faulty in line["rows"]}
    return line["runs"][0] / len(wanted), [answers[i] for i in range(len(wanted))]


def compare(a, answers):
    rows = {row["attribute"]: (int(row["sessions"]), int(float(row["faulty"]))) for row in table(a, "cohorts")
            if row["kpi"] == KPI and row["value"] == "true"}
    for i, answer in enumerate(answers):
        if rows[f"d{i}"] != answer:
            raise SystemExit(f"bench: attribute d{i}: lode counts {rows[f'd{i}']}, DuckDB {answer}")


def derived(a):
    folder = make_store(a, USERS["4 x"] // a.shrink)
    calm = ["--set", f"kpi={KPI}", "--set", "k=1..1", "--set", "cohort_patterns=off", "--set", "min_users=1"]
    base = statistics.median(run(a, folder, *calm)[0] for _ in range(a.reps))
    counts = [int(n) for n in a.attributes.split(",")]
    duck = ask_duckdb(a, folder, pairs(folder, max(counts))[: a.queries])
    rows, first = [], None
    for n in counts:
        write_spec(pairs(folder, max(counts))[:n])
        figures = [run(a, folder, *calm, "--spec", "spec.yaml") for _ in range(a.reps)]
        wall = statistics.median(f[0] for f in figures)
        first = first or wall
        if duck:
            compare(a, duck[1][:n])
        rows.append([f"{n:,}", f"{wall:.2f}", f"{wall - base:.2f}", f"{1000 * (wall - base) / n:.2f}", f"{wall / first:.1f} x",
                     f"{duck[0] * n:.1f}" if duck else "-", f"{duck[0] * n / wall:.1f} x" if duck else "-"])
    return base, rows


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def main():
    a = options()
    a.lode, a.peers, a.data = str(pathlib.Path(a.lode).resolve()), a.peers.resolve(), a.data.resolve()
    report = a.report and a.report.resolve()
    commit_name = commit() # of the folder it is started in
    work = a.data / "hypotheses.work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    os.chdir(work)
    grown = growth(a)
    base, attributes = derived(a)
    text = "\n".join([
        f"\n### Opportunities: hypotheses and derived attributes ({commit_name})\n",
        f"{machine()}; {a.workers} workers, median of {a.reps}.\n",
        "All patterns (k = 1..3, `min_support=0`) and cohorts of the generated shop; four KPIs, six attributes:\n",
        markdown(["size", "sessions", "wall s", "CPU s", "hypotheses", "a minute", "peak MB of a worker"], grown),
        f"\nDerived attributes `matches(A => B)` on the largest, one KPI, beside {base:.2f} s without any. DuckDB: one query an "
        f"attribute, {a.queries} measured, same counts:\n",
        markdown(["attributes", "wall s", "added s", "added ms each", "to one", "DuckDB s", "DuckDB / lode"], attributes), ""])
    print(text)
    if report:
        with open(report, "a") as file:
            file.write(text)
    os.chdir("/")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
