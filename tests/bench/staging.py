#!/usr/bin/python3
"""Measures staging: wall time beside the peers' CSV to columnar file in one pass, what fsync takes of it,
and the peak memory of a worker for 1, 4 and 16 times the input. Started by scripts/bench --staging.

The input is events.csv of W1 (sessions, times and event types as whole numbers), in the page cache. The
peers write Parquet as the rows come, without fsync; lode checks every byte, sorts by session and
time, and has its store on disk when it ends. Answers (rows, sums of times and types) are compared."""
import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

from peers import PYTHON, commit, machine, say, spread

ROWS = {"1 x": 1_250_000, "4 x": 5_000_000, "16 x": 20_000_000}


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lode", required=True)
    p.add_argument("--peers", required=True, type=pathlib.Path)
    p.add_argument("--data", required=True, type=pathlib.Path, help="inputs, kept")
    p.add_argument("--report", type=pathlib.Path, help="Markdown file to append to")
    p.add_argument("--events", type=int, default=20_000_000)
    p.add_argument("--sessions", type=int, default=500_000)
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--memory", default="64M", help="of a worker, for the peaks")
    p.add_argument("--reps", type=int, default=5)
    return p.parse_args()


def make_input(a):
    folder = a.data / f"w1-200-{a.sessions}-{a.events}"
    if not folder.exists():
        say(f"generating {folder.name}")
        aside = folder.with_suffix(".tmp")
        shutil.rmtree(aside, ignore_errors=True)
        arguments = ["gen", "--out", aside, "--vocab", 200, "--sessions", a.sessions, "--events", a.events]
        subprocess.run([PYTHON, a.peers / "w1_ngrams.py", *map(str, arguments)], check=True)
        aside.rename(folder)
    return folder


def stage(a, path, *arguments):
    """Wall and processor seconds; the store is out.lode."""
    shutil.rmtree("out.lode", ignore_errors=True)
    command = [a.lode, "stage", "events", path, "-o", "out.lode", "--session", "session", "--time", "ts", "--event", "event",
               "--time-unit", "ms", "--local", a.workers, "--quiet", *arguments]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run([str(x) for x in command], check=True, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def answer():
    """[rows, sum of times, sum of types], as the peers give them; sessions are ids to lode."""
    rows = times = types = 0
    with h5py.File("out.lode/index.h5") as index:
        words = np.array([int(w) for w in index["dictionaries/event_names"][:]], dtype=np.int64)
    for part in sorted(pathlib.Path("out.lode").glob("part-*.h5")):
        with h5py.File(part) as file:
            times += int(file["events/time"][:].sum())
            codes = file["events/name"][:]
            rows += len(codes)
            types += int(words[codes].sum())
    return [rows, times, types]


def peer(a, folder, name):
    command = [PYTHON, a.peers / "w9_staging.py", "run", "--in", folder, "--peer", name, "--threads", a.workers, "--reps", a.reps]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=dict(os.environ, PEERS_SHOW="1"))
    if done.returncode:
        say(f"#### NOT COMPARED: {name}: {(done.stderr.strip().splitlines() or ['?'])[-1]} ####")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def fsync_seconds(a, path):
    """Of one staging, added over its processes; None where strace is missing."""
    if not shutil.which("strace"):
        return None
    shutil.rmtree("out.lode", ignore_errors=True)
    command = ["strace", "-f", "-T", "-e", "trace=fsync,fdatasync", "-o", "trace", a.lode, "stage", "events", path, "-o", "out.lode",
               "--session", "session", "--time", "ts", "--event", "event", "--time-unit", "ms", "--local", a.workers, "--quiet"]
    subprocess.run([str(x) for x in command], check=True, stderr=subprocess.DEVNULL)
    return sum(float(match.group(1)) for match in re.finditer(r"<([0-9.]+)>$", open("trace").read(), re.M))


def against_peers(a, folder):
    path = folder / "events.csv"
    stage(a, path)
    ours = answer()
    figures = [stage(a, path) for _ in range(a.reps)]
    walls = [f[0] for f in figures]
    wall = statistics.median(walls)
    rows = [["lode stage", f"{wall:.2f}", f"{statistics.median(f[1] for f in figures):.2f}", f"{100 * spread(walls):.0f} %", "", ""]]
    for name, aim in {"polars-parquet": "1.0 x", "duckdb-parquet": "1.3 x"}.items():
        line = peer(a, folder, name)
        if not line:
            continue
        if [line["result"][i] for i in (0, 2, 3)] != ours:
            raise SystemExit(f"bench: lode and {name} disagree: {ours} and {line['result']}")
        cpu = f"{line['cpu_seconds']:.2f}" if "cpu_seconds" in line else "-"
        rows.append([name, f"{line['seconds']:.2f}", cpu, f"{100 * spread(line['runs']):.0f} %", f"{line['seconds'] / wall:.2f} x", aim])
    return rows


PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def peaks(a, folder):
    rows = []
    for name, n in ROWS.items():
        with open(folder / "events.csv", "rb") as source, open("part.csv", "wb") as out:
            for _, line in zip(range(n + 1), source):
                out.write(line)
        shutil.rmtree("out.lode", ignore_errors=True)
        command = [a.lode, "stage", "events", "part.csv", "-o", "out.lode", "--session", "session", "--time", "ts", "--event", "event",
                   "--time-unit", "ms", "--local", a.workers, "--quiet", "--memory", a.memory]
        # a small process of its own: what Python holds here would count for what it forks
        done = subprocess.run([PYTHON, "-c", PEAK, *map(str, command)], check=True, capture_output=True, text=True)
        rows.append([name, f"{os.path.getsize('part.csv') / 1e6:.0f}", done.stdout.strip()])
    return rows


def table(head, rows):
    return "\n".join("| " + " | ".join(r) + " |" for r in [head, ["---"] * len(head), *rows]) + "\n"


def main():
    a = options()
    a.lode, a.peers, a.data = os.path.realpath(a.lode), a.peers.resolve(), a.data.resolve()
    report = a.report.resolve() if a.report else None
    title = f"\n### {time.strftime('%Y-%m-%d')}, {commit()}, staging\n\n{machine()}; {a.workers} workers, median of {a.reps}; load {os.getloadavg()[0]:.1f}.\n"
    folder = make_input(a)
    with tempfile.TemporaryDirectory(dir=a.data) as work:
        os.chdir(work)
        compared = table([f"events.csv of W1, {a.events / 1e6:g} M rows", "wall s", "processor s", "spread", "lode is faster", "aim"], against_peers(a, folder))
        waited = fsync_seconds(a, folder / "events.csv")
        fsync = "" if waited is None else f"fsync of the store and of what tasks hand over: {waited:.2f} s, added over the processes, within lode's time.\n"
        grown = table(["input", "MB", f"largest process with --memory {a.memory}, MB"], peaks(a, folder))
        os.chdir("/")
    text = "\n".join([title, compared, fsync, grown])
    print(text)
    if report:
        with open(report, "a") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main())
