#!/usr/bin/python3
"""Computes the tables of docs/scaling.md from measured constants.

use: limits.py            prints them
     limits.py --write    puts them into docs/scaling.md, between its marks
     limits.py --check    fails when the page has other ones

Measured anew (scripts/bench --scaling, docs/performance.md)? Change CONSTANTS, then --write."""
import math
import pathlib
import re
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/scaling.md"
MIB, TB = 2**20, 10**12
WORKERS = (10, 100, 1_000, 10_000)
INPUT = (TB, 100 * TB, 1000 * TB)

# name: (value, unit, what, where it was measured or stands)
CONSTANTS = {
    "rate": (273_130, "tasks/s", "empty tasks with the journal on, 4 workers on 4 hosts", "--scaling, hosts"),
    "beat": (211, "µs", "busiest thread of the coordinator, a worker and second, heartbeats of 500 ms", "--scaling, crowd"),
    "slow_beat": (31, "µs", "the same, `--heartbeat 5s`", "--scaling, crowd"),
    "beat_bytes": (2152, "bytes", "heartbeats on the wire, a worker and second, 500 ms", "--scaling, hosts"),
    "join": (1.3, "ms", "coordinator, to take a worker in", "--scaling, crowd"),
    "worker_kb": (41, "KB", "coordinator's memory, a worker", "--scaling, crowd"),
    "task_bytes": (508, "bytes", "coordinator's memory, a task done (at most: with a slow disk)", "--scaling, memory"),
    "descriptors": (1_048_576, "", "hard limit of open files that systemd sets (`ulimit -Hn` tells yours)", "the system"),
    "read_cost": (6.9, "s", "of a core, reading (parsing, sorting) 1 GB of CSV", "--scaling, shuffle"),
    "write_cost": (2.8, "s", "of a core, writing partitions of 1 GB of CSV, pairs aside", "--scaling, shuffle"),
    "pair_cost": (12.1, "µs", "of a core, a pair of range and partition, local disk", "--scaling, shuffle"),
    "pair_opens": (3.8, "", "files opened, a pair", "--scaling, shuffle"),
    "range_cost": (0.17, "ms", "of the coordinator, a range", "--scaling, shuffle"),
    "pieces": (7.0, "", "sorted pieces of a range of 16 MiB, in each partition", "--scaling, shuffle"),
    "shuffled": (0.31, "", "bytes shuffled, a byte of CSV", "--scaling, shuffle"),
    "stored": (0.53, "", "bytes of store, a byte of CSV", "--scaling, shuffle"),
    "scan_rate": (376, "MB/s", "of store that a worker scans (1 to 8 events a pattern, 4 tokens)", "--scaling, scan"),
    "result_kb": (174, "KB", "result of a partition, 200 event names, 1 to 3 events a pattern", "--scaling, scan"),
    "merge_cost": (6.4, "ns", "of the coordinator, a byte of such results", "performance.md, W1"),
    "session": (738, "bytes", "of CSV, a session (40 events)", "W1"),
    "row": (18, "bytes", "of CSV, an event", "W1"),
    "piece_heads": (48, "bytes", "frame and entry of the table, a piece", "jobs/shuffle/extents.h"),
    "piece_bytes": (56, "bytes", "`struct merge_input`", "jobs/shuffle/merge.h"),
    "merge_memory": (16 * MIB, "bytes", "`MERGE_MOST`", "jobs/stage/write.c"),
    "merge_run": (4096, "bytes", "`MERGE_RUN`, for each run", "jobs/stage/write.c"),
    "range_bytes": (16 * MIB, "bytes", "`RANGE_BYTES`", "jobs/stage/ranges.h"),
    "ranges_limit": (65_536, "", "`RANGES_LIMIT`: then ranges get twice as large", "jobs/stage/ranges.h"),
    "partition_bytes": (32 * MIB, "bytes", "`--partition-bytes`", "jobs/stage/job.c"),
    "partitions_limit": (65_536, "", "`STAGE_PARTITIONS_LIMIT`: then partitions get larger", "jobs/stage/stage.h"),
    "sessions_limit": (2**32 - 1, "", "sessions in which patterns are counted", "jobs/opportunities/patterns.c"),
    "words_bytes": (4 * 202, "bytes", "map of codes of a range with 200 event names", "jobs/stage/shuffle/dictionary.c"),
    "plan_bytes": (36, "bytes", "a run in the parameters of a write task", "jobs/stage/plan.c"),
    "sum_ranges": (4096, "", "`MOST_RANGES`: tasks that sum patterns", "jobs/opportunities/patterns.c"),
}


class Values:
    """CONSTANTS by name, as numbers."""

    def __init__(self):
        for name, constant in CONSTANTS.items():
            setattr(self, name, constant[0])


C = Values()


def ranges(size, limit=C.ranges_limit):
    """(number, bytes of one), as ranges_cut does for one file."""
    one = C.range_bytes
    while size / one > limit:
        one *= 2
    return size / one, one


def partitions(size, one=C.partition_bytes):
    return min(size / one, C.partitions_limit)


def pieces(size):
    """Of one partition. A task sorts so many bytes of input at a time, whatever its range; where these have few
    rows for each partition, some have none."""
    rows = C.range_bytes / C.pieces / C.row / partitions(size)
    return size / C.range_bytes * C.pieces * (1 - math.exp(-rows))


def most_merged():
    """The largest input whose pieces a write task has memory to merge, to a percent."""
    b = 1e11
    while pieces(b * 1.01) * C.piece_bytes <= C.merge_memory + ranges(b * 1.01)[0] * C.merge_run:
        b *= 1.01
    return b


def number(x):
    """Three digits that count."""
    for bound, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if x >= bound:
            return f"{x / bound:.3g} {letter}".replace("e+03", "000")
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def count(x):
    """A number without letters up to a million."""
    return f"{x:,.0f}" if x < 1e6 else number(x)


def size(x):
    for bound, unit in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if x >= bound:
            return f"{x / bound:.3g} {unit}"
    return f"{x:.3g} B"


def seconds(x):
    for bound, unit in ((86400 * 365, "years"), (86400, "days"), (3600, "h"), (60, "min")):
        if x >= 2 * bound:
            return f"{x / bound:.3g} {unit}"
    return f"{x:.3g} s" if x >= 1 else f"{1e3 * x:.3g} ms"


def share(x):
    return f"{100 * x:.3g} %"


def by_workers():
    """(what, formula, function of workers, how it is shown, where it gives out)"""
    plan = ranges(TB)[0] * C.plan_bytes
    return [
        ("shortest task that keeps all busy", "workers / rate", lambda w: w / C.rate, seconds, "never, for tasks of 40 ms and more"),
        ("a core of the coordinator, heartbeats of 500 ms", "workers x beat", lambda w: w * C.beat / 1e6, share, f"**{count(1e6 / C.beat)} workers**"),
        ("the same, `--heartbeat 5s`", "workers x slow_beat", lambda w: w * C.slow_beat / 1e6, share, f"{count(1e6 / C.slow_beat)} workers"),
        ("heartbeats on its network, a second", "workers x beat_bytes", lambda w: w * C.beat_bytes, size, f"{count(125e6 / C.beat_bytes)} workers on 1 Gbit/s"),
        ("taking all in", "workers x join", lambda w: w * C.join / 1e3, seconds, "slow, does not break"),
        ("open files of the coordinator", "workers + 30", lambda w: w + 30, count, f"{count(C.descriptors - 30)} workers"),
        ("its memory, a million tasks done", "workers x worker_kb + 1,000,000 x task_bytes", lambda w: w * C.worker_kb * 1024 + 1e6 * C.task_bytes, size, "the host's memory"),
        ("file system: reading that a scan asks for, a second", "workers x scan_rate", lambda w: w * C.scan_rate * 1e6, size, "your file system's"),
        ("file system: parameters of the write stage at 1 TB, read by all at once", "workers x ranges x plan_bytes", lambda w: w * plan, size, "slow, does not break"),
    ]


def by_input():
    result = lambda b: partitions(b) * C.result_kb * 1024
    return [
        ("ranges", "input / 16 MiB, at most 65,536", lambda b: ranges(b)[0], count, ""),
        ("bytes of a range", "16 MiB, doubled until there are few enough", lambda b: ranges(b)[1], size, ""),
        ("partitions", "input / `--partition-bytes`, at most 65,536", partitions, count, ""),
        ("input of a partition", "input / partitions", lambda b: b / partitions(b), size, ""),
        ("**pieces that a write task merges**", "input / 16 MiB x pieces (less those without a row)", pieces, count,
         f"**{size(most_merged())}**"),
        ("**files opened by all write tasks**", "ranges x partitions x pair_opens", lambda b: ranges(b)[0] * partitions(b) * C.pair_opens, number, "your metadata server's"),
        ("rows of a piece", "input / row / partitions / pieces", lambda b: b / C.row / partitions(b) / pieces(b), number, "reads of less than a page"),
        ("table of a run file, in a reading task's memory", "pieces / ranges x partitions x 36 bytes", lambda b: pieces(b) / ranges(b)[0] * partitions(b) * 36, size, "`--memory`"),
        ("what a write task knows of all runs", "ranges x words_bytes + 3 x pieces x piece_bytes", lambda b: ranges(b)[0] * C.words_bytes + 3 * pieces(b) * C.piece_bytes, size,
         "`--memory`: with 48M at some 300 GB"),
        ("coordinator between the stages", "ranges x range_cost", lambda b: ranges(b)[0] * C.range_cost / 1e3, seconds, "slow, does not break"),
        ("reading, core time", "input x read_cost", lambda b: b / 1e9 * C.read_cost, seconds, ""),
        ("writing, core time", "input x write_cost + ranges x partitions x pair_cost", lambda b: b / 1e9 * C.write_cost + ranges(b)[0] * partitions(b) * C.pair_cost / 1e6, seconds, ""),
        ("both, 10,000 workers, if the files keep up", "sum / 10,000",
         lambda b: (b / 1e9 * (C.read_cost + C.write_cost) + ranges(b)[0] * partitions(b) * C.pair_cost / 1e6) / 1e4, seconds, ""),
        ("space for the shuffle", "input x shuffled + pieces x partitions x piece_heads", lambda b: b * C.shuffled + pieces(b) * partitions(b) * C.piece_heads, size, "your disk's"),
        ("store, read whole by each stage of a run", "input x stored", lambda b: b * C.stored, size, "your disk's"),
        ("**sessions**", "input / session", lambda b: b / C.session, number, f"**{number(C.sessions_limit)} = {size(C.sessions_limit * C.session)}**"),
        ("results of counting patterns, if the coordinator adds them", "partitions x result_kb", result, size, "512 MB (`sum_limit`), then workers add"),
        ("... and its time for that", "results x merge_cost", lambda b: result(b) * C.merge_cost / 1e9, seconds, ""),
        ("files opened if workers add (most tasks)", "2 x partitions x sum_ranges", lambda b: 2 * partitions(b) * C.sum_ranges, number, "your metadata server's"),
    ]


def remedies():
    """Files opened and pieces, were things otherwise: (what, files opened, pieces a partition)."""
    big = 2**30  # of a range, and of what is sorted at once

    def one_level(b, one):
        return b / big * partitions(b, one) * C.pair_opens

    def two_level(b):
        """Ranges into 256 groups; tasks of 8 GiB of a group into its partitions; those merge."""
        inner = C.shuffled * b / 2**33
        return (b / big * min(256, partitions(b, big)) + inner * partitions(b, big) / 256) * C.pair_opens

    return [
        ("as it is", lambda b: ranges(b)[0] * partitions(b) * C.pair_opens, pieces),
        ("`--partition-bytes 1G`", lambda b: ranges(b)[0] * partitions(b, big) * C.pair_opens, pieces),
        ("also: 1 GiB of input to a range, sorted at once (a worker of 8 GB)", lambda b: one_level(b, big), lambda b: b / big),
        ("also: two levels, 256 groups of partitions", two_level, lambda b: max(1, C.shuffled * b / 2**33 / 256)),
    ]


def table(head, rows):
    return "\n".join("| " + " | ".join(r) + " |" for r in [head, ["---"] * len(head), *rows]) + "\n"


def tables():
    names = {TB: "1 TB", 100 * TB: "100 TB", 1000 * TB: "1 PB"}
    constants = [[f"`{name}`", f"{v:,} {unit}".strip(), what, where] for name, (v, unit, what, where) in CONSTANTS.items()]
    workers = [[what, formula, *(show(f(w)) for w in WORKERS), end] for what, formula, f, show, end in by_workers()]
    inputs = [[what, formula, *(show(f(b)) for b in INPUT), end] for what, formula, f, show, end in by_input()]
    better = [[what, *(f"{number(opens(b))}, {number(merged(b))}" for b in INPUT)] for what, opens, merged in remedies()]
    return {
        "workers": table(["", "formula", *(f"{w:,}" for w in WORKERS), "gives out at"], workers),
        "input": table(["", "formula", *names.values(), "gives out at"], inputs),
        "remedies": table(["files opened, pieces a partition", *names.values()], better),
        "constants": table(["constant", "value", "what", "from"], constants),
    }


def filled(text):
    for name, made in tables().items():
        text, n = re.subn(rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m: m[1] + made + m[2], text, flags=re.S)
        if n != 1:
            raise SystemExit(f"limits: {PAGE} has {n} places for the table '{name}'")
    return text


def main():
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(filled(PAGE.read_text()))
    elif sys.argv[1:] == ["--check"]:
        if filled(PAGE.read_text()) != PAGE.read_text():
            raise SystemExit("limits: docs/scaling.md has other tables; run tests/bench/limits.py --write")
    elif sys.argv[1:]:
        raise SystemExit(__doc__)
    else:
        print("\n".join(tables().values()))


if __name__ == "__main__":
    main()
