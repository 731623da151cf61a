#!/usr/bin/python3
"""Measures what docs/scaling.md computes with: a scan by one worker and by two, the protocol on one host
and on four (network namespaces), what a crowd of workers costs the coordinator, what a pair of range
and partition costs staging, and simulated clusters. Started by scripts/bench --scaling, as root.

Other work on the machine shows in all of these; so the least of the repetitions counts (of scans those that
others disturbed least), and the load is printed beside it. limits.py has the formulas."""
import argparse
import csv
import json
import os
import pathlib
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from cluster import faults, make_store, program, table
from peers import commit, generate, machine, say

# Four tokens of 200 names: a table of counts that stays in the processor's cache, patterns of up to eight
# events: little to merge, much to scan.
SCAN = ("--set", "kpi=faulty", "--set", "cohort_patterns=off", "--set", "k=1..8", "--set", "map=?=a,??=b,1?0=c,*=d")
SCAN_LEAF = "opportunities.patterns"
HERE = pathlib.Path(__file__).resolve().parent
HOSTS = 4
QUIET = 0.05  # of a core, used by others, is quiet


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", required=True, type=pathlib.Path)
    p.add_argument("--peers", required=True, type=pathlib.Path)
    p.add_argument("--data", required=True, type=pathlib.Path)
    p.add_argument("--report", type=pathlib.Path, help="Markdown file to append to")
    p.add_argument("--events", type=int, default=20_000_000, help="of one file of the scan's input")
    p.add_argument("--sessions", type=int, default=500_000)
    p.add_argument("--files", type=int, default=6, help="so often is the file taken")
    p.add_argument("--tasks", type=int, default=300_000, help="empty ones")
    p.add_argument("--crowd", type=int, default=200, help="workers of the larger crowd")
    p.add_argument("--workers", type=int, default=10_000, help="of the largest simulated cluster")
    p.add_argument("--reps", type=int, default=5)
    p.add_argument("--only", default="scan,hosts,crowd,shuffle,memory,simulated")
    return p.parse_args()


def load():
    return os.getloadavg()[0]


def run_json(name):
    return json.load(open(f"{name}/run.json"))


def stage_of(name, leaf):
    return next(s for s in run_json(name)["stages"] if s["leaf"] == leaf)


# --- a scan ---


def input_of(a):
    folder = a.data / f"w1-200-{a.sessions}-{a.events}"
    generate(a, "w1_ngrams.py", folder, "--vocab", "200", "--sessions", a.sessions, "--events", a.events)
    return folder


def scan_store(a):
    """The events of one file several times over: as many sessions, each so much longer."""
    folder, store = input_of(a), a.data / f"scan-{a.files}x{a.events}.lode"
    if subprocess.run([program(a, "lode"), "info", store], capture_output=True).returncode == 0:
        return store
    shutil.rmtree(store, ignore_errors=True)
    say(f"staging {store.name}")
    copies = [pathlib.Path(f"events{i}.csv") for i in range(a.files)]
    for copy in copies:
        copy.symlink_to(folder / "events.csv")
    subprocess.run([program(a, "lode"), "stage", "events", folder / "sessions.csv", *copies, "-o", store, "--kpi", "faulty", "--quiet"], check=True)
    return store


def busy_seconds():
    """Processor seconds of the machine so far, whoever used them."""
    ticks = list(map(int, open("/proc/stat").readline().split()[1:9]))
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def scan_once(a, store, names, workers):
    """Runs of so many workers each, side by side: wall seconds of the leaf's stage (of the first) and of all,
    and the processors that others used meanwhile."""
    before, begin = busy_seconds() - sum(os.times()[2:4]), time.monotonic()
    for name in names:
        shutil.rmtree(name, ignore_errors=True)
    runs = [subprocess.Popen([program(a, "lode"), "run", "opportunities", store, "-o", name, "--local", str(workers), "--quiet", *SCAN]) for name in names]
    if any([run.wait() for run in runs]):
        raise SystemExit("bench: a scan failed")
    wall = time.monotonic() - begin
    others = (busy_seconds() - sum(os.times()[2:4]) - before) / wall
    return stage_of(names[0], SCAN_LEAF)["wall_seconds"], wall, others


def scan_runs(a, store):
    """The runs of each kind that others disturbed least; tries again while they disturb."""
    kinds = {"one": (("scan",), 1), "two": (("scan",), 2), "twins": (("twin0", "twin1"), 1)}
    found = {kind: [] for kind in kinds}
    scan_once(a, store, ("scan",), 2)  # warms the page cache
    for _ in range(4 * a.reps):
        for kind, what in kinds.items():
            if sum(run[2] < QUIET for run in found[kind]) < a.reps:
                found[kind].append(scan_once(a, store, *what))
    return {kind: sorted(runs, key=lambda run: run[2])[: a.reps] for kind, runs in found.items()}


def spread(values):
    return f"{100 * (max(values) - min(values)) / statistics.median(values):.0f} %"


def median_of(runs, i):
    return statistics.median(run[i] for run in runs)


def scan(a):
    runs = scan_runs(a, scan_store(a))
    one, two, twins = runs["one"], runs["two"], runs["twins"]

    def row(name, i):
        return [name, f"{median_of(one, i):.2f}", spread([r[i] for r in one]), f"{median_of(two, i):.2f}", spread([r[i] for r in two]),
                f"{median_of(one, i) / median_of(two, i):.2f} x", "1.9 x"]

    rows = [row("leaf", 0), row("whole run", 1)]
    rows.append(["two runs of one worker side by side", f"{median_of(one, 1):.2f}", "", f"{median_of(twins, 1):.2f}", spread([r[1] for r in twins]),
                 f"{2 * median_of(one, 1) / median_of(twins, 1):.2f} x", ""])
    head = [f"scan of {a.files * a.events / 1e6:g} M events, 1 to 8 events a pattern", "1 worker, s", "spread", "2 workers, s", "spread", "faster", "aim"]
    others = max(run[2] for found in runs.values() for run in found)
    stage = stage_of("scan", SCAN_LEAF)
    return table(head, rows) + (f"\nMedians of the {a.reps} runs of each kind that others disturbed least (they used {100 * others:.0f} % of a core at most). The last row is what two cores of this "
                                f"machine give to processes that share nothing but the page cache. A worker scans {stage['read_bytes'] / stage['cpu_seconds'] / 1e6:.0f} MB of store a second.\n")


# --- hosts ---

ON_HOSTS = """
. "$1/e2e/hosts.sh"
trap '[ -z "$wire" ] || kill $wire; hosts_down' EXIT
wire=
hosts_up "$2" || exit 1
if [ "$3" != 0 ]; then
    /usr/bin/python3 "$1/bench/slow_wire.py" "$hosts_prefix" "$2" "$3" >wire.log & wire=$!
    while ! grep -q ready wire.log && kill -0 $wire; do :; done
fi
count() { on n0 sh -c 'cat /sys/class/net/eth0/statistics/rx_bytes /sys/class/net/eth0/statistics/tx_bytes' | tr '\\n' ' '; }
on n0 /usr/bin/python3 "$1/bench/scaling.py" --round-trip 10.77.0.2
echo
while read -r name command; do
    before=$(count)
    on n0 mpirun -np $(($2 + 1)) --map-by node $command </dev/null >&2 || exit 1
    echo "$name $before $(count)"
done
"""


def round_trip(address):
    """Least milliseconds until a port that nobody listens on is refused."""
    times = []
    for _ in range(20):
        begin = time.monotonic()
        with socket.socket() as s:
            s.connect_ex((address, 9))
        times.append(time.monotonic() - begin)
    return min(times) * 1e3


def on_hosts(a, runs, delay_ms=0):
    """Runs {name: arguments} with a coordinator and a worker on n0, a worker on each other host. Bytes
    that passed n0's interface by name, and the round trip in ms."""
    work = pathlib.Path.cwd()
    lines = "".join(f"{name} {' '.join(faults(a, name, *arguments))}\n" for name, arguments in runs.items())
    environment = dict(os.environ, work=str(work), OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    done = subprocess.run(["sh", "-c", ON_HOSTS, "sh", HERE.parent, str(HOSTS), str(delay_ms)], input=lines, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"bench: hosts: {done.stderr.strip()[-400:]}")
    first, *rest = done.stdout.strip().splitlines()
    counts = {}
    for line in filter(None, rest):
        name, *numbers = line.split()
        rx, tx, rx_after, tx_after = map(int, numbers)
        counts[name] = rx_after + tx_after - rx - tx
    return counts, float(first)


def remote_tasks(name):
    return sum(row["host"] != "n0" and row["outcome"] == "ok" for row in csv.DictReader(open(f"{name}/log/tasks.csv")))


def empty(tasks):
    return "--set", f"tasks={tasks}", "--set", "sleep_ms=0"


def of_empty(name, tasks):
    """(tasks a second, microseconds of the coordinator a task)"""
    return tasks / stage_of(name, "faults.work")["wall_seconds"], run_json(name)["coordinator_cpu_seconds"] / tasks * 1e6


def best(pairs):
    return max(p[0] for p in pairs), min(p[1] for p in pairs)


def busy(name):
    """Share of the workers' time, from the first task to the last, that was in tasks."""
    rows = [row for row in csv.DictReader(open(f"{name}/log/tasks.csv")) if row["outcome"] == "ok"]
    spans = [(float(row["start_ms"]), float(row["duration_ms"])) for row in rows]
    wall = max(s + d for s, d in spans) - min(s for s, d in spans)
    return sum(d for _, d in spans) / wall / HOSTS


def wire_costs(a):
    """Tasks over the wire: (table of rates, bytes a task, bytes a worker and second)."""
    one, four, bytes_a_task, beats = [], [], [], []
    for _ in range(a.reps):
        subprocess.run(faults(a, "one", "--local", str(HOSTS), *empty(a.tasks)), check=True, stderr=subprocess.DEVNULL)
        one.append(of_empty("one", a.tasks))
        counts, trip = on_hosts(a, {"none": empty(HOSTS), "many": empty(a.tasks), "brief": ("--set", f"tasks={HOSTS}", "--set", "sleep_ms=1000"),
                                    "long": ("--set", f"tasks={HOSTS}", "--set", "sleep_ms=9000")})
        four.append(of_empty("many", a.tasks))
        bytes_a_task.append((counts["many"] - counts["none"]) / max(1, remote_tasks("many")))
        beats.append((counts["long"] - counts["brief"]) / 8 / (HOSTS - 1))
    rows = [[f"{a.tasks:,} empty tasks, {HOSTS} workers, {where}", f"{best(r)[0]:,.0f}", f"{best(r)[1]:.2f}", spread([x[1] for x in r])]
            for where, r in {"one host": one, f"{HOSTS} hosts (network namespaces)": four}.items()]
    text = table(["tasks", "tasks/s", "µs of the coordinator a task", "spread"], rows)
    return text + (f"\nOn the wire between hosts: {min(bytes_a_task):.0f} bytes a task (both ways, all headers; {min(bytes_a_task):.0f} to {max(bytes_a_task):.0f}), "
                   f"{min(beats):.0f} bytes a worker and second of heartbeats ({min(beats):.0f} to {max(beats):.0f}; every 500 ms). Round trip {trip:.2f} ms.\n")


def latency(a):
    """Share of the time that workers spend in tasks, by length of task and delay of the wire."""
    runs = {f"tasks{ms}": ("--set", f"tasks={4000 // ms * HOSTS}", "--set", f"sleep_ms={ms}") for ms in (5, 50)}
    rows = []
    for delay in (0, 1, 10):
        shares = {name: [] for name in runs}
        for _ in range(min(a.reps, 3)):
            trip = on_hosts(a, runs, delay)[1]
            for name in runs:
                shares[name].append(busy(name))
        rows.append([f"{delay} ms each way" if delay else "none", f"{trip:.1f} ms", *(f"{100 * max(s):.1f} %" for s in shares.values())])
    return table(["delay added to each wire", "round trip", "busy, tasks of 5 ms", "busy, tasks of 50 ms"], rows) + \
        f"\n4 s of tasks for each of {HOSTS} workers on {HOSTS} hosts; start and end of the stage are included.\n"


def hosts(a):
    if os.geteuid() != 0:
        return "#### NOT MEASURED: hosts: network namespaces need root ####\n"
    return wire_costs(a) + "\n" + latency(a)


# --- a crowd of workers ---


def thread_seconds(pid):
    """Processor seconds of each thread so far, by number and name."""
    seconds = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        name, rest = open(f"/proc/{pid}/task/{thread}/stat").read().split("(", 1)[1].rsplit(")", 1)
        fields = rest.split()
        seconds[int(thread), name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def resident(pid):
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) / 1024


def here(a, name):
    done = subprocess.run([program(a, "lode"), "status", name, "--json"], capture_output=True, text=True)
    return len(json.loads(done.stdout).get("workers", [])) if done.returncode == 0 else 0


def until(true, seconds=120):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise SystemExit("bench: waited in vain")
        time.sleep(0.2)


def crowd_once(a, n, heartbeat):
    """What `n` idle workers that join cost the coordinator: (ms of processor a joining worker, µs a worker
    and second, the same of the busiest thread, file descriptors a worker, KB a worker, that thread's name)."""
    enough = pathlib.Path("enough").resolve()
    enough.unlink(missing_ok=True)
    run = subprocess.Popen(faults(a, "crowd", "--local", 1, "--heartbeat", heartbeat, *empty(2), "--set", f"until={enough}"), stderr=subprocess.DEVNULL)
    until(lambda: here(a, "crowd") == 1)
    alone = sum(thread_seconds(run.pid).values()), len(os.listdir(f"/proc/{run.pid}/fd")), resident(run.pid)
    join = subprocess.Popen([program(a, "faults/lode_faults"), "worker", "--join", "crowd", "--workers", str(n)], stderr=subprocess.DEVNULL)
    until(lambda: len(os.listdir(f"/proc/{run.pid}/fd")) >= alone[1] + n)
    time.sleep(3)  # the last of them are welcomed
    full = thread_seconds(run.pid), len(os.listdir(f"/proc/{run.pid}/fd")), resident(run.pid)
    begin = time.monotonic()
    time.sleep(8)
    later, wall = thread_seconds(run.pid), time.monotonic() - begin
    enough.touch()
    if run.wait() != 0 or join.wait() != 0:
        raise SystemExit("bench: the crowd's run failed")
    beating = {t: (later[t] - full[0].get(t, 0)) / wall / (n + 1) * 1e6 for t in later}
    busiest = max(beating, key=beating.get)
    costs = (sum(full[0].values()) - alone[0]) / n * 1e3, sum(beating.values()), beating[busiest], (full[1] - alone[1]) / n, (full[2] - alone[2]) / n * 1024
    return *costs, busiest[1]


def crowd(a):
    rows = []
    for n, heartbeat in ((a.crowd // 4, "500ms"), (a.crowd, "500ms"), (a.crowd, "5s")):
        found = [crowd_once(a, n, heartbeat) for _ in range(min(a.reps, 3))]
        least = [min(f[i] for f in found) for i in range(5)]
        thread = found[0][5]
        rows.append([str(n), heartbeat, f"{least[0]:.2f}", f"{least[1]:.0f} to {max(f[1] for f in found):.0f}", f"{least[2]:.0f} ({thread})", f"{least[3]:.0f}", f"{least[4]:.0f}"])
    return table(["idle workers", "heartbeat", "ms to take one in", "µs a worker and second", "of the busiest thread", "descriptors each", "KB each"], rows) + \
        "\nProcessor time of the coordinator.\n"


# --- the shuffle of staging ---


def metric(name, stage=None):
    """Of the staging just done."""
    for line in open("shuffled.prom"):
        if line.startswith(name + "{") and (stage is None or f'stage="{stage}"' in line):
            return float(line.split()[-1])
    raise SystemExit(f"bench: no {name} in shuffled.prom")


def stage_command(a, partition, cut):
    folder = input_of(a)
    shutil.rmtree("shuffled.lode", ignore_errors=True)
    return [program(a, "lode"), "stage", "events", str(folder / "sessions.csv"), str(folder / "events.csv"), "-o", "shuffled.lode", "--kpi", "faulty",
            "--local", "2", "--quiet", "--partition-bytes", partition, "--range-bytes", cut, "--metrics", "shuffled.prom"]


def stage_once(a, partition, cut, before=()):
    """(ranges, partitions), processor seconds of reading, writing and the coordinator."""
    subprocess.run([*before, *stage_command(a, partition, cut)], check=True)
    tasks = [int(metric("lode_task_duration_seconds_count", s)) for s in (1, 2)]
    return tasks, [metric("lode_task_cpu_seconds_total", 1), metric("lode_task_cpu_seconds_total", 2), metric("lode_coordinator_cpu_seconds_total")]


def calls(a, partition, cut):
    """Pairs of range and partition, and the files opened and reads made in all, by strace."""
    tasks, _ = stage_once(a, partition, cut, ("strace", "-f", "-c", "-e", "trace=openat,pread64", "-o", "calls.txt"))
    found = {line.split()[-1]: int(line.split()[3]) for line in open("calls.txt") if line.strip().endswith(("openat", "pread64"))}
    return tasks[0] * tasks[1], found["openat"], found["pread64"]


def flushes(a):
    """Extents for each bucket that a range of 16 MiB leaves behind: read from the ends of run files."""
    kept = pathlib.Path("kept-runs")
    kept.mkdir(exist_ok=True)
    run = subprocess.Popen(stage_command(a, "32M", "16M"))
    while run.poll() is None:
        try:
            for file in pathlib.Path("shuffled.lode.work").rglob("parse-*.run"):
                if not (kept / file.name).exists():
                    os.link(file, kept / file.name)
        except FileNotFoundError:
            pass  # not there yet, or not any more
        time.sleep(0.02)
    counts = []
    for file in kept.iterdir():
        _, extents, buckets = struct.unpack("<QQQ", file.read_bytes()[-24:])
        counts.append((extents - 1) / (buckets - 1))  # one bucket is of words
    return max(counts)


def shuffle(a):
    size = sum((input_of(a) / f).stat().st_size for f in ("events.csv", "sessions.csv"))
    rows, pairs, ranges, cpus = [], [], [], []
    for partition, cut in (("32M", "16M"), ("1M", "16M"), ("1M", "1M")):
        found = [stage_once(a, partition, cut) for _ in range(min(a.reps, 3))]
        tasks, cpu = found[0][0], [min(f[1][i] for f in found) for i in range(3)]
        ranges.append(tasks[0])
        pairs.append(tasks[0] * tasks[1])
        cpus.append(cpu)
        store = sum(f.stat().st_size for f in pathlib.Path("shuffled.lode").glob("*.h5"))
        rows.append([str(tasks[0]), str(tasks[1]), *(f"{c / size * 1e9:.2f}" for c in cpu), f"{metric('lode_bytes_shuffled_total', 1) / size:.2f}", f"{store / size:.2f}"])
    text = table(["ranges", "partitions", "s a GB: reading", "writing", "coordinator", "bytes shuffled a byte of input", "bytes of store"], rows)
    text += (f"\nA pair of range and partition costs its write task {(cpus[2][1] - cpus[1][1]) / (pairs[2] - pairs[1]) * 1e6:.1f} µs of processor time on a local disk, a range "
             f"the coordinator {(cpus[2][2] - cpus[1][2]) / (ranges[2] - ranges[1]) * 1e3:.2f} ms; a range of 16 MiB is sorted in {flushes(a):.1f} pieces.\n")
    if not shutil.which("strace"):
        return text + "#### NOT MEASURED: files opened: no strace ####\n"
    few, many = calls(a, "8M", "4M"), calls(a, "8M", "1M")
    return text + f"A pair opens {(many[1] - few[1]) / (many[0] - few[0]):.1f} files and makes {(many[2] - few[2]) / (many[0] - few[0]):.1f} reads (strace).\n"


# --- memory of the coordinator, and its journal ---


def memory(a):
    """What a task leaves at the coordinator; and what waiting for the disk takes here."""
    peaks, journal = {}, 0
    for n in (a.tasks // 10, a.tasks):
        enough = pathlib.Path("enough").resolve()
        enough.unlink(missing_ok=True)
        run = subprocess.Popen(faults(a, "kept", "--local", 2, *empty(n), "--set", f"until={enough}"), stderr=subprocess.DEVNULL)
        log = pathlib.Path("kept/log/tasks.csv")
        until(lambda: log.exists() and log.read_bytes().count(b"\n") >= n)
        peaks[n] = resident(run.pid)
        journal = sum(f.stat().st_size for f in pathlib.Path("kept/journal").glob("*.journal")) / n
        logged = log.stat().st_size / n
        enough.touch()
        run.wait()
    small, large = peaks
    waits = []
    with open("synced", "wb") as file:
        for _ in range(100):
            file.write(bytes(4096))
            file.flush()
            begin = time.monotonic()
            os.fdatasync(file.fileno())
            waits.append(time.monotonic() - begin)
    return f"A task leaves {(peaks[large] - peaks[small]) * 2**20 / (large - small):.0f} bytes in the coordinator's memory ({peaks[large]:.0f} MB with {large:,}), {journal:.0f} bytes in " \
        f"the journal and {logged:.0f} in log/tasks.csv. A wait for this disk (fdatasync of 4 KiB): {statistics.median(waits) * 1e3:.2f} ms.\n"


def start_up(a):
    """Seconds of a whole empty run under mpirun, by ranks."""
    rows = []
    for n in (2, 8, 16):
        walls = []
        for _ in range(min(a.reps, 3)):
            begin = time.monotonic()
            subprocess.run(faults(a, "start", "-n", n, *empty(n)), check=True, stderr=subprocess.DEVNULL)
            walls.append(time.monotonic() - begin)
        rows.append([str(n), f"{min(walls):.2f}"])
    return table(["`lode run -n`, one machine", "s, empty run"], rows)


def simulated(a):
    out = subprocess.run([program(a, "simulation/simulate"), "--scale", str(a.workers)], capture_output=True, text=True, check=True).stdout
    return "On simulated clusters (100 tasks of a second for each worker, in two stages over the same files):\n\n```\n" + out.rstrip() + "\n```\n"


def tell(report, text):
    print(text, flush=True)
    if report:
        with open(report, "a") as file:
            file.write(text)


def main():
    if sys.argv[1:2] == ["--round-trip"]:
        print(f"{round_trip(sys.argv[2]):.3f}", flush=True)
        return
    a = options()
    a.build, a.peers, a.data = a.build.resolve(), a.peers.resolve(), a.data.resolve()
    report = a.report.resolve() if a.report else None
    parts = {"scan": [scan], "hosts": [hosts], "crowd": [crowd], "shuffle": [shuffle], "memory": [memory, start_up], "simulated": [simulated]}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_store(a)
        tell(report, f"\n### {time.strftime('%Y-%m-%d')}, {commit()}, scaling\n\n{machine()}; the least of up to {a.reps} repetitions.\n")
        for name in a.only.split(","):
            before = load()
            text = "\n".join(measure(a) for measure in parts[name])
            tell(report, f"\n*{name}*, load {before:.1f} before and {load():.1f} after:\n\n{text}")
        os.chdir("/")


if __name__ == "__main__":
    sys.exit(main())
