#!/usr/bin/python3
"""Measures job hierarchy's numerics beside the peer benchmarks. Started by scripts/bench --hierarchy.

Each part is one function that returns the Markdown of its table. Peers and lode take turns, one
repetition each, and must print the same digest; what counts is the ratio of medians. Every
measurement is also a JSON line in FOLDER/hierarchy.jsonl, in the peers' format.

w3  leaf detectors: every split of a window (Poisson), one split (Gaussian)"""
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


def take_turns(a, commands):
    """name -> line of the peers' format, its runs one of every turn. Programs of lode print `result`;
    the digest is made here. Refuses answers that differ from lode's."""
    lines, runs = {}, {name: [] for name in commands}
    for _ in range(a.reps):
        for name, command in commands.items():
            line = ask(command) if name not in lines or lines[name] else None
            lines[name] = line
            if line:
                runs[name].append(line["seconds"])
    lines = {name: line for name, line in lines.items() if line}
    with open(a.data / "hierarchy.jsonl", "a") as file:
        for name, line in lines.items():
            line.update(seconds=statistics.median(runs[name]), runs=runs[name])
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


HEAD = ["workload", "program", "s", "spread", "peak MB", "lode is faster", "aim"]


def table(rows, head=HEAD):
    return "\n".join("| " + " | ".join(r) + " |" for r in [head, ["---"] * len(head), *rows]) + "\n"


@part
def w3(a):
    """Aims: 4 x numba on all splits, 1.2 x on one, per core."""
    import h5py

    rows = []
    for score, counters, points, window, aim in (("splits", 40, 10_000, 60, "4 x"), ("hellinger", 200, 43_200, 720, "1.2 x")):
        counters = max(1, counters // a.shrink)
        folder = make_input(a, "w3_change.py", f"w3-{counters}-{points}", "--counters", counters, "--points", points)
        raw = folder / "counters.f64"
        if not raw.exists():
            with h5py.File(folder / "counters.h5") as file:
                file["counters"][:].astype("f8").tofile(raw)
        peer = [PYTHON, a.peers / "w3_change.py", "run", "--in", folder, "--score", score, "--window", window, "--threads", 1, "--reps", 1]
        lines = take_turns(a, {
            "lode": [a.build / "tests/bench/bench_change", raw, counters, points, score, window],
            "numba": [*peer, "--peer", "numba"],
            "numpy": [*peer, "--peer", "numpy"]})
        rows += rows_of(f"W3 {score}, {counters} counters x {points:,}, window {2 * window}", lines, {"numba": aim})
    return table(rows)


def main():
    a = options()
    a.build, a.peers, a.data = a.build.resolve(), a.peers.resolve(), a.data.resolve()
    a.data.mkdir(parents=True, exist_ok=True)
    chosen = a.only.split(",") if a.only else list(PARTS)
    unknown = set(chosen) - set(PARTS)
    if unknown:
        raise SystemExit(f"bench: no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    title = f"\n### {time.strftime('%Y-%m-%d')}, hierarchy ({commit()})\n\n{machine()}; one core, median of {a.reps}; load {os.getloadavg()[0]:.1f}.\n"
    text = "\n".join([title, *(PARTS[name](a) for name in chosen)])
    print(text)
    if a.report:
        with open(a.report, "a") as file:
            file.write(text)


if __name__ == "__main__":
    main()
