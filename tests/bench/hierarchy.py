#!/usr/bin/python3
"""Measures job hierarchy's numerics beside the peer benchmarks. Started by scripts/bench --hierarchy.

Each part is one function that returns the Markdown of its table. Peers and lode take turns, one
repetition each, and must print the same digest; what counts is the ratio of medians. Every
measurement is also a JSON line in FOLDER/hierarchy.jsonl, in the peers' format.

w3  leaf detectors on one core: every split of a window (Poisson), one split (Gaussian)
w5  Lasso paths of every series on all others, two threads; neighbourhoods of 2,000 series
w6  affinity propagation of given similarities, of some pairs and of all
whole  the command line over 26,250 counters: staging, training, appending, detection; training of
    one component of 2,000 counters; with one worker and two"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time

from peers import PYTHON, commit, machine, say

PARTS = {}  # name -> function; filled by @part


def part(function):
    PARTS[function.__name__] = function
    return function


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", required=True, type=pathlib.Path, help="build directory with tests/bench/bench_*")
    p.add_argument("--peers", required=True, type=pathlib.Path)
    p.add_argument("--data", required=True, type=pathlib.Path, help="inputs, kept")
    p.add_argument("--report", type=pathlib.Path, help="Markdown file to append to")
    p.add_argument("--only", default="", help="parts, with commas between (default: all)")
    p.add_argument("--shrink", type=int, default=1, help="divides the sizes")
    p.add_argument("--reps", type=int, default=5)
    return p.parse_args()


def make_input(a, script, name, *arguments):
    """The folder that the peers' own generator fills; once."""
    folder = a.data / name
    if not folder.exists():
        say(f"generating {name}")
        aside = folder.with_name(folder.name + ".tmp")
        subprocess.run([PYTHON, a.peers / script, "gen", "--out", aside, *map(str, arguments)], check=True)
        aside.rename(folder)
    return folder


def ask(command):
    """The JSON line that a program prints last; None, with the reason told, where it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=dict(os.environ, PEERS_SHOW="1"))
    if done.returncode != 0:
        say(f"#### NOT COMPARED: {' '.join(map(str, command))}: {(done.stderr.strip().splitlines() or ['?'])[-1]} ####")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def digest(result):
    return hashlib.sha1(json.dumps(result, separators=(",", ":")).encode()).hexdigest()[:16]


def take_turns(a, commands, clock="seconds"):
    """name -> line of the peers' format, one run for every turn. `clock` is the key that
    counts: cpu_seconds stands a busy machine, but adds up threads. Programs of lode print `result`; the
    digest is made here. Refuses answers that differ from lode's."""
    lines, runs = {}, {name: [] for name in commands}
    for _ in range(a.reps):
        for name, command in commands.items():
            line = ask(command) if name not in lines or lines[name] else None
            lines[name] = line
            if line:
                runs[name].append(line[clock])
    lines = {name: line for name, line in lines.items() if line}
    with open(a.data / "hierarchy.jsonl", "a") as file:
        for name, line in lines.items():
            line.update(seconds=statistics.median(runs[name]), runs=runs[name], clock=clock)
            line["rate"] = round(line["n"] / line["seconds"], 1)
            line.setdefault("result_digest", digest(line["result"]))
            file.write(json.dumps(line) + "\n")
    ours = lines["lode"]
    for name, line in lines.items():
        if line["result_digest"] != ours["result_digest"]:
            raise SystemExit(f"bench: lode and {name} disagree: {ours['result']} and {line.get('result', line['result_digest'])}")
    return lines


def spread(runs):
    return (max(runs) - min(runs)) / statistics.median(runs)


def rows_of(what, lines, aim):
    """Rows of a table: lode, then each peer with its ratio."""
    ours = lines["lode"]
    rows = []
    for name, line in lines.items():
        ratio = "" if name == "lode" else f"{line['seconds'] / ours['seconds']:.2f} x"
        rows.append([what, name, f"{line['seconds']:.3f}", f"{100 * spread(line['runs']):.0f} %", f"{line['peak_mb']:.0f}", ratio,
                     aim.get(name, "")])
    return rows


HEAD = ["workload", "program", "seconds", "spread", "peak MB", "lode is faster", "aim"]


def table(rows, head=HEAD):
    return "\n".join("| " + " | ".join(r) + " |" for r in [head, ["---"] * len(head), *rows]) + "\n"


@part
def w3(a):
    """Processor seconds of one thread. Aims: 4 x numba on all splits, 1.2 x on one."""
    import h5py

    rows = []
    for score, counters, points, window, aim in (("splits", 40, 10_000, 60, "4 x"), ("splits", 40, 10_000, 360, ""), ("hellinger", 200, 43_200, 720, "1.2 x")):
        counters = max(1, counters // a.shrink)
        folder = make_input(a, "w3_change.py", f"w3-{counters}-{points}", "--counters", counters, "--points", points)
        raw = folder / "counters.f64"
        if not raw.exists():
            with h5py.File(folder / "counters.h5") as file:
                file["counters"][:].astype("f8").tofile(raw)
        peer = [PYTHON, a.peers / "w3_change.py", "run", "--in", folder, "--score", score, "--window", window, "--threads", 1, "--reps", 3]
        lines = take_turns(a, {
            "lode": [a.build / "tests/bench/bench_change", raw, counters, points, score, window, 3],
            "numba": [*peer, "--peer", "numba"],
            "numpy": [*peer, "--peer", "numpy"]}, clock="cpu_seconds")
        rows += rows_of(f"W3 {score}, {counters} counters x {points:,}, window {2 * window}", lines, {"numba": aim})
    return table(rows)


def lasso_input(a, series):
    import h5py

    folder = make_input(a, "w5_lasso.py", f"w5-{series}", "--series", series)
    raw = folder / "counters.f32"
    if not raw.exists():
        with h5py.File(folder / "counters.h5") as file:
            file["counters"][:].tofile(raw)
    return folder, raw


@part
def w5(a):
    """Aim: 10 x scikit-learn, both on two threads, the Gram matrix included."""
    series, program = 300 // a.shrink, a.build / "tests/bench/bench_lasso"
    folder, raw = lasso_input(a, series)
    peer = [PYTHON, a.peers / "w5_lasso.py", "run", "--in", folder, "--reps", 1]
    lines = take_turns(a, {
        "lode": [program, raw, series, 2, 1],
        "sklearn": [*peer, "--peer", "sklearn", "--threads", 2]})
    text = table(rows_of(f"W5 paths of 30 lambdas, {series} series", lines, {"sklearn": "10 x"}))
    series, rows = 2000 // a.shrink, []
    _, raw = lasso_input(a, series)
    for workers in (1, 2):
        line = ask([program, raw, series, workers, 1, series, "neighbours"])
        if not line:
            continue
        parts = [f"{line[f'seconds_{name}']:.2f}" for name in ("gram", "errors", "targets")]
        rows.append([str(workers), f"{line['seconds']:.2f}", *parts, f"{line['cpu_seconds']:.2f}", f"{line['edges']:,}", f"{line['peak_mb']:.0f}"])
    head = ["threads", "s", "Gram matrix", "least errors (one thread)", "targets", "processor s", "edges", "peak MB"]
    return text + f"\nNeighbourhoods of {series:,} series (`explained`, f = 0.3):\n\n" + table(rows, head)


@part
def w6(a):
    """Aims: 10 x apcluster in half its memory on some pairs, 4 x scikit-learn on all pairs, one thread."""
    import h5py

    rows = []
    for case, items, peer, aim in (("sparse", 26_000, "r-apcluster", "10 x"), ("dense", 2_000, "sklearn", "4 x")):
        items = max(100, items // a.shrink)
        folder = make_input(a, "w6_affinity.py", f"w6-{case}-{items}", "--case", case, "--items", items)
        raw = folder / "lode.f64"
        with h5py.File(folder / f"similarity_{case}_{items}.h5") as file:
            preference = float(file.attrs["preference"])
            if not raw.exists():
                names = ["similarity"] if case == "dense" else ["edges/a", "edges/b", "edges/similarity"]
                with open(raw, "wb") as out:
                    for name in names:
                        file[name][:].astype("f8").tofile(out)
        lines = take_turns(a, {
            "lode": [a.build / "tests/bench/bench_affinity", case, items, repr(preference), raw],
            peer: [PYTHON, a.peers / "w6_affinity.py", "run", "--in", folder, "--case", case, "--items", items, "--peer", peer, "--reps", 1]})
        rows += rows_of(f"W6 {case}, {items:,} items", lines, {peer: aim})
    return table(rows)


QUARTER = 15  # slots of a minute


def make_counters(a, lode, components, counters, slots=2880):
    """A folder with train/, next/ (the quarter of an hour after it) and store.lode of train/; once."""
    folder = a.data / f"counters-{components}-{counters}-{slots}"
    if folder.exists():
        return folder
    say(f"generating {folder.name}")
    aside = folder.with_name(folder.name + ".tmp")
    shutil.rmtree(aside, ignore_errors=True)
    subprocess.run([lode, "gen", "counters", "--components", str(components), "--counters", str(counters),
                    "--slots", str(slots), "--seed", "5", "-o", aside, "--local", "2", "--quiet"], check=True)
    (aside / "next").mkdir()
    for path in (aside / "test").iterdir():
        with open(path) as rows, open(aside / "next" / path.name, "w") as out:
            out.writelines(row for row, _ in zip(rows, range(1 + QUARTER)))
    shutil.rmtree(aside / "test")
    aside.rename(folder)
    return folder


# Started by a small process of its own: a process begins with the peak of the one that made it.
MEASURE = """
import json, os, subprocess, sys, time
start = time.monotonic()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
print(json.dumps([status, time.monotonic() - start, usage.ru_maxrss / 1024]))
"""


def command_line(*words):
    """Seconds of a command of lode and the peak MB of its largest process, coordinator or worker."""
    words = [*map(str, words), "--quiet"]
    told = subprocess.run(["/usr/bin/python3", "-S", "-c", MEASURE, *words], check=True, stdout=subprocess.PIPE).stdout
    status, seconds, peak_mb = json.loads(told)
    if status != 0:
        raise SystemExit(f"bench: {' '.join(words)}: wait status {status}")
    return seconds, peak_mb


def add_turn(turns, what, seconds, peak_mb, run=None):
    """Adds what a turn took; of a run also where its time went, as run.json tells it."""
    line = {"seconds": seconds, "peak_mb": peak_mb}
    if run:
        told = json.loads((run / "run.json").read_text())
        stages = told["stages"]
        line.update(outside=told["outside_stages_seconds"], coordinator=told["coordinator_cpu_seconds"],
                    workers=sum(s["cpu_seconds"] for s in stages), read_mb=sum(s["read_bytes"] for s in stages) / 1e6,
                    targets=sum(s["wall_seconds"] for s in stages if s["leaf"] == "hierarchy.neighbourhoods"))
    turns.setdefault(what, []).append(line)


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def same_tables(runs):
    """Refuses runs whose results are not the same bytes."""
    digests = {hashlib.sha1((run / "results.h5").read_bytes()).hexdigest() for run in runs}
    if len(digests) != 1:
        raise SystemExit(f"bench: not the same bytes: {', '.join(map(str, runs))}")


def turn(a, lode, feed, turns):
    """Staging, training, appending, detection, once each and number of workers."""
    base, later = feed / "store.lode", feed / "later.lode"
    train, after = sorted((feed / "train").iterdir()), sorted((feed / "next").iterdir())
    for workers in (1, 2):
        add_turn(turns, ("staging two days", workers),
                 *command_line(lode, "stage", "counters", *train, "-o", fresh(base), "--tree", ".", "--local", workers))
    models = [(workers, "", feed / f"model-{workers}") for workers in (1, 2)]
    models.append((2, ", --memory 64M", feed / "model-64M"))
    for workers, memory, model in models:
        add_turn(turns, ("training" + memory, workers),
                 *command_line(lode, "run", "hierarchy", base, "-o", fresh(model), "--local", workers, *memory.strip(", ").split()), model)
    same_tables(model for _, _, model in models)
    for workers in (1, 2):
        shutil.copytree(base, fresh(later))
        add_turn(turns, ("appending a quarter of an hour", workers),
                 *command_line(lode, "stage", "counters", *after, "--append", later, "--local", workers))
    passes = []
    for workers, memory, model in models:
        passes.append(fresh(feed / model.name.replace("model", "pass")))
        add_turn(turns, ("detection" + memory, workers),
                 *command_line(lode, "run", "hierarchy", later, "--detect", models[0][2], "-o", passes[-1], "--local", workers,
                               *memory.strip(", ").split()), passes[-1])
    same_tables(passes)


def large_component(a, lode, counters, turns):
    feed = make_counters(a, lode, 1, counters)
    base, runs = feed / "store.lode", [feed / f"model-{workers}" for workers in (1, 2)]
    command_line(lode, "stage", "counters", *sorted((feed / "train").iterdir()), "-o", fresh(base), "--local", 2)
    for workers, run in zip((1, 2), runs):
        add_turn(turns, (f"training one component of {counters:,} counters", workers),
                 *command_line(lode, "run", "hierarchy", base, "-o", fresh(run), "--local", workers), run)
    same_tables(runs)


@part
def whole(a):
    """Aim: detection in less than a minute on two cores."""
    lode = a.build / "coordinator/lode"
    components, turns = max(2, 350 // a.shrink), {}
    feed = make_counters(a, lode, components, 75)
    for _ in range(a.reps):
        turn(a, lode, feed, turns)
        large_component(a, lode, 2000 // a.shrink, turns)
    rows = []
    with open(a.data / "hierarchy.jsonl", "a") as file:
        for (what, workers), lines in turns.items():
            file.write(json.dumps({"workload": "whole", "what": what, "workers": workers, "turns": lines}) + "\n")
            middle = {key: statistics.median(line[key] for line in lines) for key in lines[0]}
            cells = [f"{middle[key]:,.1f}" if key in middle else "" for key in ("outside", "coordinator", "workers")]
            rows.append([what, str(workers), f"{middle['seconds']:.1f}", f"{100 * spread([line['seconds'] for line in lines]):.0f} %", *cells,
                         f"{middle['targets']:.1f}" if middle.get("targets") else "", f"{middle['peak_mb']:.0f}",
                         f"{middle['read_mb']:,.0f}" if "read_mb" in middle else ""])
    head = ["command", "workers", "wall s", "spread", "coordinator alone s", "its processor s", "workers' processor s",
            "stage of neighbours s", "peak MB of the largest process", "tasks read MB"]
    stored = sum(path.stat().st_size for path in (feed / "later.lode").iterdir()) / 1e6
    return f"{components * 75:,} counters in {components} components, 2,880 slots of a minute, a store of {stored:,.0f} MB:\n\n" + table(rows, head)


def main():
    a = options()
    a.build, a.peers, a.data = a.build.resolve(), a.peers.resolve(), a.data.resolve()
    a.data.mkdir(parents=True, exist_ok=True)
    chosen = a.only.split(",") if a.only else list(PARTS)
    unknown = set(chosen) - set(PARTS)
    if unknown:
        raise SystemExit(f"bench: no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    title = f"\n### {time.strftime('%Y-%m-%d')}, hierarchy ({commit()})\n\n{machine()}; median of {a.reps} turns; load {os.getloadavg()[0]:.1f}.\n"
    text = "\n".join([title, *(PARTS[name](a) for name in chosen)])
    print(text)
    if a.report:
        with open(a.report, "a") as file:
            file.write(text)


if __name__ == "__main__":
    main()
