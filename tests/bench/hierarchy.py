#!/usr/bin/python3
"""Measures job hierarchy's numerics beside the peer benchmarks. Started by scripts/bench --hierarchy.

Each part is one function that returns the Markdown of its table. Peers and lode take turns, one
repetition each, and must print the same digest; what counts is the ratio of medians. Every
measurement is also a JSON line in FOLDER/hierarchy.jsonl, in the peers' format.

w3  leaf detectors on one core: every split of a window (Poisson), one split (Gaussian)
w5  Lasso paths of every series on all others, two threads; neighbourhoods of 2,000 series
w6  affinity propagation of given similarities, of some pairs and of all"""
import argparse
import hashlib
import json
import os
import pathlib
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
