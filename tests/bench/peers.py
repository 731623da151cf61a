#!/usr/bin/python3
"""Runs lode beside the peers of the peer benchmarks on the same input and reports ratios.

Answers are compared before times. All figures of a report come from one pass on one machine; what
counts is the ratio of processor seconds, of all processes together. Started by scripts/bench, which
says the options. The inputs, made by the peers' own generators, and lode's stores are kept in the
folder --data; every measurement is also a JSON line in FOLDER/bench.jsonl, in the peers' format.

W1  sessions with and without fault per k-gram, k = 1..3: 200 event types, and 20,000
W2  life cycle cohorts: sessions and mean KPI of new, returning and sparse users
tiny  wall time of a whole run of a small store, with two workers"""
import argparse
import hashlib
import json
import os
import pathlib
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time

import h5py
import numpy as np

LAST_K = 3
PYTHON = "/usr/bin/python3"


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lode", required=True)
    p.add_argument("--peers", required=True, type=pathlib.Path)
    p.add_argument("--data", required=True, type=pathlib.Path)
    p.add_argument("--report", type=pathlib.Path, help="Markdown file to append to")
    p.add_argument("--sessions", type=int, default=500_000)
    p.add_argument("--events", type=int, default=20_000_000)
    p.add_argument("--w2-sessions", type=int, default=10_000_000)
    p.add_argument("--w2-users", type=int, default=1_000_000)
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--reps", type=int, default=3)
    p.add_argument("--only", default="w1,w1-20000,w2,tiny")
    return p.parse_args()


def peer(a, script, *arguments):
    """One JSON line of a peer, or None where the peer is not installed."""
    environment = dict(os.environ, PEERS_SHOW="1")
    done = subprocess.run([PYTHON, a.peers / script, *map(str, arguments)], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["?"]
        reason = next((line for line in lines if "Error" in line), lines[-1])
        say(f"#### NOT COMPARED: {script} {' '.join(map(str, arguments))}: {reason} ####")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def generate(a, script, folder, *arguments):
    """The peers' input, made once: the folder is renamed when it is whole."""
    if not folder.exists():
        say(f"generating {folder.name}")
        aside = folder.with_suffix(".tmp")
        shutil.rmtree(aside, ignore_errors=True)
        subprocess.run([PYTHON, a.peers / script, "gen", "--out", aside, *map(str, arguments)], check=True)
        aside.rename(folder)


def stage(a, folder, *arguments):
    store = folder / "store.lode"
    if store.exists():
        if subprocess.run([a.lode, "info", store], capture_output=True).returncode == 0:
            return store
        shutil.rmtree(store)
    say(f"staging {folder.name}")
    subprocess.run([a.lode, "stage", "events", *map(str, arguments), "-o", store, "--local", str(a.workers), "--quiet"], check=True)
    return store


def run(a, store, leaf, *settings):
    """Runs the job; (wall seconds, processor seconds of all processes, of the leaf, largest resident set in MB)."""
    out = store.parent / "run"
    shutil.rmtree(out, ignore_errors=True)
    command = [a.lode, "run", "opportunities", store, "-o", out, "--local", str(a.workers), "--quiet"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run([*command, *(x for s in settings for x in ("--set", s))], check=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    stages = json.load(open(out / "run.json"))["stages"]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, sum(s["cpu_seconds"] for s in stages if s["leaf"] == leaf), after.ru_maxrss / 1024


def measure(a, store, leaf, *settings):
    """Medians over the repetitions, and all whole-job figures (for the spread)."""
    rows = [run(a, store, leaf, *settings) for _ in range(a.reps)]
    wall, cpu, leaf_cpu, peak = (statistics.median(r[i] for r in rows) for i in range(4))
    return dict(wall=wall, cpu=cpu, leaf=leaf_cpu, peak_mb=round(peak, 1), runs=[round(r[0], 4) for r in rows], cpus=[r[1] for r in rows])


def digest(result):
    return hashlib.sha1(json.dumps(result, separators=(",", ":")).encode()).hexdigest()[:16]


def column(table, name):
    """A column of results.h5, a value a row (docs/formats.md); words for a column of words."""
    data = table[name]
    rows = data[:]
    if "codes" in data.attrs:
        rows = rows[table.file[data.attrs["codes"].decode()][:]]
    if data.attrs["type"] != b"word":
        return rows
    words = table.file[data.attrs["words"].decode()][:]
    return np.array([w.decode() for w in words] + [""])[np.minimum(rows.astype(np.int64), len(words))]


def w1_result(store, vocab):
    """The peers' answer from lode's table: per k distinct patterns, sums, and their order-free checksum."""
    result = []
    with h5py.File(store.parent / "run" / "results.h5") as file:
        table = file["patterns"]
        words = table.file[table["pattern"].attrs["words"].decode()][:]
        event = np.array([int(w) for w in words], dtype=np.int64)
        ks, faulty, normal = (column(table, name).astype(np.int64) for name in ("k", "faulty_with", "normal_with"))
        tokens = column(table, "pattern")
        for k in range(1, LAST_K + 1):
            rows = np.flatnonzero(ks == k)
            codes = tokens[rows, :k]
            code = np.zeros(len(rows), dtype=np.int64)
            for i in range(k):
                code = code * vocab + event[codes[:, i]]
            f, n = faulty[rows], normal[rows]
            result.append([k, int(len(rows)), int(f.sum()), int(n.sum()), int(((code % 1000003) * (7 * f + 13 * n)).sum())])
    return result


def emit(a, workload, case, n, unit, figures, result):
    line = dict(workload=workload, peer="lode", case=case, n=n, threads=a.workers, seconds=round(figures["wall"], 4),
                rate=round(n / figures["wall"], 1), peak_mb=figures["peak_mb"], result_digest=digest(result), unit=unit,
                runs=figures["runs"], cpu_seconds=round(figures["cpu"], 4), leaf_cpu_seconds=round(figures["leaf"], 4),
                load1=round(os.getloadavg()[0], 2))
    with open(a.data / "bench.jsonl", "a") as file:
        file.write(json.dumps(line) + "\n")


def check_equal(name, ours, answers):
    """Answers before times: a peer that disagrees ends it all."""
    for which, theirs in answers:
        if theirs != ours:
            raise SystemExit(f"bench: {name}: lode and {which} disagree: {ours} and {theirs}")
    say(f"{name}: answers equal those of {', '.join(w for w, _ in answers) or 'nobody'}")


def spread(values):
    return (max(values) - min(values)) / statistics.median(values) if values else 0.0


def ratios(name, what, seconds, values, peers, target):
    """A row of the report: processor seconds of lode and the peers, and how many times fewer."""
    row = [name, what, f"{seconds:.3f}", f"{100 * spread(values):.0f} %"]
    for which in ("duckdb", "numpy", "pandas"):
        theirs = next((p["cpu_seconds"] for p in peers if p["peer"] == which and "cpu_seconds" in p), None)
        row.append("-" if theirs is None else f"{theirs:.2f} = {theirs / seconds:.1f} x")
    return [*row, target]


def w1(a, vocab, targets):
    folder = a.data / f"w1-{vocab}-{a.sessions}-{a.events}"
    generate(a, "w1_ngrams.py", folder, "--vocab", vocab, "--sessions", a.sessions, "--events", a.events)
    store = stage(a, folder, folder / "sessions.csv", folder / "events.csv", "--kpi", "faulty", "--partition-bytes", "16M")
    peers = [peer(a, "w1_ngrams.py", "run", "--in", folder, "--peer", name, "--kmax", LAST_K, "--threads", a.workers, "--reps", a.reps)
             for name in ("duckdb", "numpy")]
    peers = [p for p in peers if p]
    say(f"W1, {vocab} types: lode")
    settings = [f"k=1..{LAST_K}", "kpi=faulty", "cohort_patterns=off"]
    all_rows = measure(a, store, "opportunities.patterns", *settings, "min_support=0")
    result = w1_result(store, vocab)
    check_equal(f"W1, {vocab} types", result, [(p["peer"], p["result"]) for p in peers])
    emit(a, "W1", f"vocab={vocab}, min_support=0", a.events, "events", all_rows, result)
    default = measure(a, store, "opportunities.patterns", *settings)
    name = f"W1, {a.events / 1e6:g} M events, {vocab} types"
    return [ratios(name, "leaf (reading included)", default["leaf"], [], peers, targets[0]),
            ratios(name, "whole job", default["cpu"], default["cpus"], peers, targets[1]),
            ratios(name, "whole job, every pattern (min_support=0)", all_rows["cpu"], all_rows["cpus"], peers, targets[1])]


def w2(a, target):
    """Per-session rows are not an output of lode: sessions and KPI sums of the cohorts are compared."""
    folder = a.data / f"w2-{a.w2_sessions}-{a.w2_users}"
    generate(a, "w2_lifecycle.py", folder, "--sessions", a.w2_sessions, "--users", a.w2_users)
    store = stage(a, folder, folder / "sessions.csv", "--kpi", "kpi", "--time-unit", "s", "--attributes", "")
    peers = [peer(a, "w2_lifecycle.py", "run", "--in", folder, "--peer", name, "--threads", a.workers, "--reps", a.reps)
             for name in ("duckdb", "pandas")]
    peers = [p for p in peers if p]
    say("W2: lode")
    figures = measure(a, store, "opportunities.cohorts", "sparse_after=30d", "kpi=kpi")
    with h5py.File(store.parent / "run" / "results.h5") as file:
        table = file["cohorts"]
        names, sessions, means = (column(table, x) for x in ("value", "sessions", "kpi_mean"))
        found = {n: (int(s), round(float(m) * int(s))) for n, s, m in zip(names, sessions, means)}
    new, sparse, everyone = found["session_index=1"], found["session_after_gap"], found["all"]
    rest = tuple(everyone[i] - new[i] - sparse[i] for i in range(2))
    result = [[i, *x] for i, x in enumerate((new, rest, sparse))]
    check_equal("W2", result, [(p["peer"], [row[:3] for row in p["result"]]) for p in peers])
    emit(a, "W2", "cohorts only", a.w2_sessions, "sessions", figures, result)
    name = f"W2, {a.w2_sessions / 1e6:g} M sessions"
    return [ratios(name, "leaf (reading included)", figures["leaf"], [], peers, ""),
            ratios(name, "whole job", figures["cpu"], figures["cpus"], peers, target)]


def tiny(a, target):
    folder = a.data / "tiny"
    if not folder.exists():
        subprocess.run([a.lode, "gen", "events", "--users", "50", "-o", folder, "--quiet"], check=True)
    store = stage(a, folder, folder / "sessions.csv", folder / "events.csv")
    walls = [run(a, store, "")[0] for _ in range(9)]
    return [["tiny store, 50 users", "wall time of lode run", f"{statistics.median(walls):.3f}", f"{100 * spread(walls):.0f} %", "-", "-", "-", target]]


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} x {model}, {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB, {platform.system()} {platform.release()}"


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "not committed"


def report(a, rows):
    head = ["workload", "measured", "lode s", "spread", "DuckDB", "numpy", "pandas", "aim"]
    table = [head, ["---"] * len(head), *rows]
    text = [f"\n### {time.strftime('%Y-%m-%d')}, {commit()}\n", f"{machine()}; {a.workers} workers, median of {a.reps}; load {os.getloadavg()[0]:.1f}.\n",
            *("| " + " | ".join(r) + " |" for r in table)]
    print("\n".join(text))
    if a.report:
        with open(a.report, "a") as file:
            file.write("\n".join(text) + "\n")


def main():
    a = options()
    a.data.mkdir(parents=True, exist_ok=True)
    parts = {"w1": lambda: w1(a, 200, ("30 x DuckDB", "15 x DuckDB")), "w1-20000": lambda: w1(a, 20_000, ("", "8 x DuckDB")),
             "w2": lambda: w2(a, "3 x DuckDB"), "tiny": lambda: tiny(a, "under 0.3 s")}
    chosen = a.only.split(",")
    unknown = set(chosen) - set(parts)
    if unknown:
        raise SystemExit(f"bench: no such workload: {', '.join(unknown)}; there are {', '.join(parts)}")
    report(a, [row for name in chosen for row in parts[name]()])


if __name__ == "__main__":
    main()
