#!/usr/bin/python3
"""Measures the engine itself: empty tasks a second beside the peers' dispatchers in one pass, the start
of a run under mpirun, the time from a fault to the lost task running elsewhere, what the journal costs,
how soon a killed run computes again, and what a task costs the coordinator on ever larger simulated
clusters. Started by scripts/bench --cluster.

Empty tasks are those of the job `faults` (tests/faults), with connections encrypted, as always."""
import argparse
import csv
import datetime
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from peers import PYTHON, commit, machine, say

JOURNALED = 100_000 # tasks of the runs that the journal is measured on
SHORT_TASKS = ("--set", "tasks=60", "--set", "sleep_ms=100")
HERE = pathlib.Path(__file__).resolve().parent


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", required=True, type=pathlib.Path)
    p.add_argument("--peers", required=True, type=pathlib.Path)
    p.add_argument("--report", type=pathlib.Path, help="Markdown file to append to")
    p.add_argument("--tasks", type=int, default=1_000_000)
    p.add_argument("--workers", type=int, default=10_000, help="of the largest simulated cluster")
    p.add_argument("--reps", type=int, default=5)
    return p.parse_args()


def program(a, name):
    return str(a.build / ("coordinator/lode" if name == "lode" else f"tests/{name}"))


def make_store(a):
    lode = program(a, "lode")
    subprocess.run([lode, "gen", "events", "--users", "50", "--seed", "1", "-o", "logs", "--quiet"], check=True)
    subprocess.run([lode, "stage", "events", "logs/sessions.csv", "logs/events.csv", "-o", "tiny.lode", "--quiet"], check=True)


def faults(a, name, *arguments):
    shutil.rmtree(name, ignore_errors=True)
    return [program(a, "faults/lode_faults"), "run", "faults", "tiny.lode", "-o", name, "--quiet", *map(str, arguments)]


def tasks_of(name):
    return list(csv.DictReader(open(f"{name}/log/tasks.csv")))


def own_rate(a):
    rates = []
    for _ in range(3):
        subprocess.run(faults(a, "empty", "--local", 2, "--set", f"tasks={a.tasks}", "--set", "sleep_ms=0"), check=True, stderr=subprocess.DEVNULL)
        stage = json.load(open("empty/run.json"))["stages"][0]
        done = {row["task"] for row in tasks_of("empty") if row["outcome"] == "ok"}
        if len(done) != a.tasks:
            raise SystemExit(f"bench: {len(done)} of {a.tasks} tasks were answered")
        rates.append(a.tasks / stage["wall_seconds"])
    return rates


def peer_rate(a, *arguments):
    done = subprocess.run([PYTHON, a.peers / "w10_dispatch.py", "run", *arguments], capture_output=True, text=True)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        say(f"#### NOT COMPARED: w10 {' '.join(arguments)}: {(done.stderr.strip().splitlines() or ['?'])[-1]} ####")
        return None
    return json.loads(lines[-1])["rate"]


def empty_tasks(a):
    rates = own_rate(a)
    ours = statistics.median(rates)
    rows = [["lode, CURVE", f"{ours:,.0f}", f"{100 * (max(rates) - min(rates)) / ours:.0f} %", "", "at least 100,000"]]
    for name, arguments in {"pyzmq ROUTER, CURVE, window 64": ("--peer", "zmq-curve"), "pyzmq ROUTER, plain, window 64": ("--peer", "zmq-null"),
                            "multiprocessing, chunks of 1": ("--peer", "pool"), "multiprocessing, chunks of 100": ("--peer", "pool-chunks"),
                            "mpi4py.futures": ("--peer", "mpi4py"), "dask": ("--peer", "dask")}.items():
        rate = peer_rate(a, *arguments)
        rows.append([name, f"{rate:,.0f}" if rate else "-", "", f"{ours / rate:.1f} x" if rate else "-", ""])
    return rows


def start_of_run(a):
    walls = []
    for _ in range(a.reps):
        command = faults(a, "start", "-n", 2, "--set", "tasks=2", "--set", "sleep_ms=0")
        begin = time.monotonic()
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        walls.append(time.monotonic() - begin)
    return walls


def began(name):
    text = json.load(open(f"{name}/run.json"))["started"]
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def repeated_after(name, at):
    """Seconds from `at` (epoch) until the first of the lost tasks ran again."""
    rows = tasks_of(name)
    lost = {row["task"]: int(row["attempt"]) for row in rows if row["outcome"] == "lost"}
    again = min(float(row["start_ms"]) for row in rows if int(row["attempt"]) > lost.get(row["task"], len(rows)))
    return began(name) + again / 1e3 - at


def after_signal(a, number):
    run = subprocess.Popen(faults(a, "hit", "--local", 2, *SHORT_TASKS), stderr=subprocess.DEVNULL)
    victim = None
    while victim is None:
        done = subprocess.run([program(a, "lode"), "status", "hit", "--json"], capture_output=True, text=True)
        workers = json.loads(done.stdout)["workers"] if done.returncode == 0 else []
        if sum(w["state"] == "running" for w in workers) == 2:
            victim = workers[0]["pid"]
    at = time.time()
    os.kill(victim, number)
    if run.wait() != 0:
        raise SystemExit("bench: the run failed")
    return repeated_after("hit", at)


CUT = """
. "$1/hosts.sh"
trap hosts_down EXIT
hosts_up 2
on n0 mpirun --enable-recovery -np 3 --map-by node $2 &
run=$!
while ! ls cut/log/worker-*.log >/dev/null 2>&1 || [ "$(grep -l welcomed cut/log/worker-*.log | wc -l)" -lt 2 ]; do :; done
sleep 0.3
date +%s.%N
cut_host n1
while [ ! -e cut/results.h5 ]; do sleep 0.05; done
while [ -e cut/endpoint ]; do sleep 0.05; done
kill -9 $run 2>/dev/null
"""


def after_cut(a):
    environment = dict(os.environ, work=os.getcwd(), OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    command = " ".join(faults(a, "cut", *SHORT_TASKS))
    done = subprocess.run(["sh", "-c", CUT, "sh", str(HERE.parent / "e2e"), command], capture_output=True, text=True, env=environment)
    if not done.stdout.strip():
        say(f"#### NOT MEASURED: cut host: {done.stderr.strip()[-200:]} ####")
        return None
    return repeated_after("cut", float(done.stdout.split()[0]))


def recovery(a):
    rows = []
    for name, one in {"killed process (SIGKILL)": lambda: after_signal(a, signal.SIGKILL), "stopped process (SIGSTOP)": lambda: after_signal(a, signal.SIGSTOP),
                      "host cut off (network namespaces)": lambda: after_cut(a)}.items():
        times = [t for t in (one() for _ in range(a.reps)) if t is not None]
        rows.append([name, f"{statistics.median(times):.2f}" if times else "-", f"{min(times):.2f} to {max(times):.2f}" if times else "-"])
    return rows


def journal_cost(a):
    """Empty tasks a second with the journal and without, in turns."""
    rates = {"on": [], "off": []}
    for _ in range(a.reps):
        for how, flags in {"on": (), "off": ("--no-journal",)}.items():
            subprocess.run(faults(a, "kept", "--local", 2, "--set", f"tasks={JOURNALED}", "--set", "sleep_ms=0", *flags), check=True, stderr=subprocess.DEVNULL)
            rates[how].append(JOURNALED / json.load(open("kept/run.json"))["stages"][0]["wall_seconds"])
    return [[how, f"{statistics.median(r):,.0f}", f"{min(r):,.0f} to {max(r):,.0f}", "at least 50,000" if how == "on" else ""] for how, r in rates.items()]


def resume_time(a):
    """Seconds from the start of --resume until the one task runs that the journal has not."""
    enough = pathlib.Path("enough").resolve()
    enough.unlink(missing_ok=True)
    run = subprocess.Popen(faults(a, "again", "--local", 2, "--set", f"tasks={JOURNALED}", "--set", "sleep_ms=0", "--set", f"until={enough}"), stderr=subprocess.DEVNULL)
    log = pathlib.Path("again/log/tasks.csv")
    while not log.exists() or log.read_bytes().count(b"\n") < JOURNALED:
        time.sleep(0.05)
    run.kill()
    run.wait()
    enough.touch()
    begin = time.time()
    subprocess.run([program(a, "faults/lode_faults"), "run", "--resume", "again", "--local", "2", "--quiet"], check=True, stderr=subprocess.DEVNULL)
    again = [float(row["start_ms"]) for row in tasks_of("again") if row["epoch"] == "2"]
    return began("again") + min(again) / 1e3 - begin


def table(head, rows):
    return "\n".join("| " + " | ".join(r) + " |" for r in [head, ["---"] * len(head), *rows]) + "\n"


def main():
    a = options()
    a.build, a.peers = a.build.resolve(), a.peers.resolve()
    report = a.report.resolve() if a.report else None
    title = f"\n### {time.strftime('%Y-%m-%d')}, {commit()}, the engine\n\n{machine()}; load {os.getloadavg()[0]:.1f}; heartbeats of 500 ms.\n"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_store(a)
        tasks = table([f"{a.tasks:,} empty tasks, 2 workers", "tasks/s", "spread", "lode against it", "aim"], empty_tasks(a))
        walls = start_of_run(a)
        start = f"`lode run -n 2` of an empty job: {statistics.median(walls):.2f} s wall (median of {a.reps}, {min(walls):.2f} to {max(walls):.2f}); aim: under 1 s.\n"
        faults_table = table(["fault", "s until a lost task runs elsewhere", "range"], recovery(a)) + "\n60 tasks of 100 ms on 2 workers; waiting for the other worker's task is included.\n"
        journal = table([f"journal, {JOURNALED:,} empty tasks, 2 workers", "tasks/s", "range", "aim"], journal_cost(a))
        times = [resume_time(a) for _ in range(a.reps)]
        resume = f"`lode run --resume` of {JOURNALED:,} tasks, all but one known: that one runs after {statistics.median(times):.2f} s (median of {a.reps}, {min(times):.2f} to {max(times):.2f}); aim: within 2 s.\n"
        os.chdir("/")
    scale = subprocess.run([program(a, "simulation/simulate"), "--scale", str(a.workers)], capture_output=True, text=True, check=True).stdout
    text = "\n".join([title, tasks, start, faults_table, journal, resume, "What a task costs the coordinator, on simulated clusters (100 tasks of a second for each worker):\n", "```", scale.rstrip(), "```", ""])
    print(text)
    if report:
        with open(report, "a") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main())
