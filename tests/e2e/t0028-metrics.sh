#!/bin/sh
# Metrics for Prometheus: a file that is whole at any moment and an HTTP page that clients of any kind
# cannot use to disturb a run; the numbers at the end are those of log/tasks.csv, and none that only
# grows ever falls.
. "$(dirname "$0")/lib.sh"
need_python prometheus_client

lode gen events --users 8000 --seed 4 -o logs --quiet || exit 1
lode stage events logs/sessions.csv logs/events.csv -o web.lode --partition-bytes 400K --quiet || exit 1
job='opportunities web.lode --set k=1..8 --set min_support=0 --set cohort_max_k=8'

# page FILE: by the parser of Prometheus' own client, {(name, labels): value}, histograms checked
cat >page.py <<'EOT'
import csv, json, math, re, sys
from prometheus_client.parser import text_string_to_metric_families

def read(text):
    assert text.endswith("\n"), "cut"
    found, kinds = {}, {}
    for family in text_string_to_metric_families(text):
        assert family.documentation and family.type in ("counter", "gauge", "histogram"), family
        assert re.fullmatch(r"lode_[a-z_]+", family.name), family.name
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            key = sample.name, labels
            assert key not in found, ("twice", key)
            assert labels and "run" in sample.labels, ("no run", key)
            found[key] = sample.value
            kinds[key] = family.type
            if family.type == "counter": assert sample.name.endswith("_total"), key
            else: assert not sample.name.endswith("_total"), key
    for (name, labels), value in found.items():
        if name.endswith("_count"):  # the buckets rise to it
            buckets = [(float(dict(l)["le"]), v) for (n, l), v in found.items()
                       if n == name[:-5] + "bucket" and set(labels) < set(l)]
            counts = [v for _, v in sorted(buckets)]
            assert counts == sorted(counts) and counts[-1] == value, (name, labels, counts)
            assert math.isinf(max(b for b, _ in buckets))
    return found, kinds

def grows(key, kinds):
    return kinds[key] == "counter" or (kinds[key] == "histogram")

def compare(pages):
    """Nothing that only grows is smaller in a later page, or gone."""
    last = {}
    for text in pages:
        found, kinds = read(text)
        for key, value in last.items():
            assert key in found and found[key] >= value, ("fell", key, value, found.get(key))
        last = {key: value for key, value in found.items() if grows(key, kinds)}
    return last

def check_end(text, run, epoch="1"):
    """The last page says what log/tasks.csv and run.json say."""
    found, _ = read(text)
    def sum_of(name, **labels):
        return sum(v for (n, l), v in found.items() if n == name and set(labels.items()) <= set(l))
    log = [l for l in csv.DictReader(open(f"{run}/log/tasks.csv")) if l["epoch"] == epoch]
    for stage in {l["stage"] for l in log}:
        own = [l for l in log if l["stage"] == stage]
        for word in "read", "written", "shuffled":
            column = sum(int(l[word + "_bytes"]) for l in own)
            assert sum_of(f"lode_bytes_{word}_total", stage=stage) == column, (word, stage)
        for result in {l["outcome"] for l in own}:
            assert sum_of("lode_tasks_total", stage=stage, result=result) == sum(
                l["outcome"] == result for l in own), (stage, result)
        seconds = sum(float(l["duration_ms"]) for l in own if l["outcome"] == "ok") / 1e3
        assert abs(sum_of("lode_task_duration_seconds_sum", stage=stage) - seconds) < 1e-4
        assert sum_of("lode_stage_tasks", stage=stage, state="running") == 0
    assert sum_of("lode_tasks_total") == len(log)
    assert sum_of("lode_workers_lost_total") == len(json.load(open(f"{run}/run.json"))["lost_workers"])
    return found, sum_of

if __name__ == "__main__":
    check_end(open(sys.argv[1]).read(), sys.argv[2], *sys.argv[3:])
EOT

# ended FILE STATE: the file's last word
ended() { grep -q "^lode_run_state{.*state=\"$2\"} 1$" "$1"; }
# url_of FILE PID: where the run says that it listens, once it has
url_of() {
    until grep -qs "^metrics: http" "$1"; do kill -0 "$2" || return 1; done
    sed -n "s/^metrics: //p" "$1"
}

expect "the file is whole at any moment, nothing falls, and the end is what the log says" '
    lode run $job -o file --local 2 --metrics here.prom --metrics-every 100ms --quiet &
    run=$!
    "$python" - $run <<"EOT"
import sys
from page import compare
pages = []
def is_alive(): # it may be gone between any two looks
    try: return open(f"/proc/{sys.argv[1]}/stat").read().rsplit(")")[1].split()[0] != "Z"
    except OSError: return False
while is_alive():
    try: text = open("here.prom").read()
    except FileNotFoundError: continue
    if not pages or text != pages[-1]: pages.append(text)
assert len(pages) >= 2, len(pages)
compare(pages + [open("here.prom").read()])
EOT
    wait "$run"
    ended here.prom done
    "$python" page.py here.prom file
    grep -q "^lode_run_exit_status{.*} 0$" here.prom
    test -z "$(ls here.prom.* 2>/dev/null)"'
expect "scraped over HTTP while it runs" '
    lode run $job -o http --local 2 --metrics-listen 0 --metrics end.prom --quiet 2>http.err &
    run=$!
    url=$(url_of http.err $run)
    case $url in http://127.0.0.1:*/metrics) ;; *) false ;; esac
    n=0
    while curl -fsS --max-time 10 -D head.$n "$url" >page.$n 2>curl.err; do n=$((n + 1)); done
    wait "$run"
    test $n -ge 3
    grep -qi "^content-type: text/plain; version=0.0.4; charset=utf-8" head.0
    "$python" - $n <<"EOT"
import sys
from page import compare
pages = [open(f"page.{i}").read() for i in range(int(sys.argv[1]))]
assert compare(pages + [open("end.prom").read()])
assert any("state=\"running\"} 1" in page for page in pages)
EOT
    "$python" page.py end.prom http
    cmp file/results.h5 http/results.h5'

cat >hostile.py <<'EOT'
# Clients of every bad kind at once, all the time that the page answers a good one as well.
import os, socket, sys, threading, urllib.request
url = sys.argv[1]
host, port = url.split("/")[2].split(":")
stop, good = threading.Event(), []
def connect():
    return socket.create_connection((host, int(port)), timeout=5)
def slow():  # a byte now and then
    while not stop.is_set():
        try:
            with connect() as s:
                for byte in b"GET /metrics HTTP/1.1\r\n" * 100:
                    s.send(bytes([byte]))
                    if stop.wait(0.2): return
        except OSError: pass
def silent():
    while not stop.is_set():
        try:
            with connect() as s: s.recv(1)
        except OSError: pass
def deaf():  # asks again and again, and reads nothing
    while not stop.is_set():
        try:
            with connect() as s:
                for _ in range(1000): s.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                stop.wait(1)
        except OSError: pass
def rude():
    while not stop.is_set():
        for words in (b"\0" * 100, os.urandom(5000), b"GET " + b"a" * 100000, b"X" * 200000 + b"\r\n\r\n",
                      b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n" + b"x" * 100000,
                      b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                      b"GET /../../etc/passwd HTTP/1.0\r\n\r\n"):
            try:
                with connect() as s:
                    s.sendall(words)
                    s.shutdown(socket.SHUT_WR)
                    s.recv(100)
            except OSError: pass
threads = [threading.Thread(target=kind, daemon=True) for kind in (slow, silent, deaf, rude) for _ in range(8)]
for thread in threads: thread.start()
while True:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer: good.append(len(answer.read()))
    except OSError:
        try: connect().close()
        except OSError: break  # the run is over
stop.set()
print(len(good), "good answers")
assert good and min(good) > 1000
EOT
expect "hostile clients: the run ends as it would, and a good one gets its page in between" '
    lode run $job -o hostile --local 2 --heartbeat 5s --metrics-listen 127.0.0.1:0 --quiet 2>hostile.err &
    run=$!
    "$python" hostile.py "$(url_of hostile.err $run)"
    wait "$run"
    not grep -v "^metrics: " hostile.err
    cmp file/results.h5 hostile/results.h5'
expect "under mpirun, with a worker that is killed: what was lost is counted" '
    lode run $job -o mpi -n 2 --metrics mpi.prom --metrics-every 100ms --quiet 2>mpi.err &
    run=$!
    until grep -qs ",ok," mpi/log/tasks.csv; do kill -0 "$run"; done
    for pid in $(workers_here | head -n 1); do kill -9 "$pid" || true; done
    wait "$run"
    "$python" page.py mpi.prom mpi
    cmp file/results.h5 mpi/results.h5'
expect "a run that is gone on with counts anew, with its epoch and what it knew" '
    lode run $job -o killed --local 2 --metrics killed.prom --metrics-every 100ms --quiet 2>killed.err &
    run=$!
    known() { grep -cs ",ok," killed/log/tasks.csv || true; }
    until [ "$(known)" -ge 3 ] 2>/dev/null; do kill -0 "$run"; done
    first=$(known) # in the log before they are in the journal: the next ones come after that
    until [ "$(known)" -gt "$first" ]; do kill -0 "$run"; done
    kill -9 "$run"
    wait "$run" || true
    ended killed.prom running # nobody was there to say else
    lode run --resume killed --local 2 --metrics killed.prom --quiet
    ended killed.prom done
    "$python" page.py killed.prom killed 2
    grep -q "^lode_run_info{.*epoch=\"2\"} 1$" killed.prom
    grep "^lode_stage_replayed_tasks{" killed.prom | grep -qv " 0$"'
expect "a run that fails says so" '
    code=0
    printf "rotten" | dd of=web.lode/part-00001.h5 bs=1 seek=5000 conv=notrunc 2>/dev/null
    lode run $job -o failed --local 2 --metrics failed.prom --quiet 2>failed.err || code=$?
    test $code = 3
    ended failed.prom failed
    grep -q "^lode_run_exit_status{.*} 3$" failed.prom
    test "$(sed -n "s/^lode_tasks_total{.*stage=\"1\",result=\"failed\"} //p" failed.prom)" -ge 2'
expect "staging: bytes written and shuffled, and the name of the store" '
    lode stage events logs/sessions.csv logs/events.csv -o again.lode --partition-bytes 400K \
        --metrics stage.prom --quiet --local 2
    "$python" - <<"EOT"
import os
from page import read
found, _ = read(open("stage.prom").read())
def sum_of(name): return sum(v for (n, l), v in found.items() if n == name)
assert all(dict(l)["run"] == os.path.abspath("again.lode") for _, l in found)
size = sum(os.path.getsize(f"again.lode/{f}") for f in os.listdir("again.lode") if f.startswith("part"))
inputs = sum(os.path.getsize(f"logs/{f}") for f in ("sessions.csv", "events.csv"))
assert sum_of("lode_bytes_read_total") >= inputs + sum_of("lode_bytes_shuffled_total")
assert 1.1 * size > sum_of("lode_bytes_written_total") > 0.9 * size, size  # HDF5 leaves holes
assert sum_of("lode_bytes_shuffled_total") > 0
EOT'

# a listener that stays, on a port of its own
rm -f hold port
mkfifo hold
"$python" -c '
import socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
open("port", "w").write(str(s.getsockname()[1]) + "\n")
sys.stdin.read()' <hold &
holder=$!
exec 9>hold
until [ -s port ]; do kill -0 $holder || exit 1; done
refuse 4 'metrics cannot be served on 127.0.0.1 port [0-9]+: Address already in use' \
    "lode run opportunities web.lode -o r --metrics-listen $(cat port)"
exec 9>&-
wait $holder
refuse 4 'metrics cannot be served on 192.0.2.1 port 0' 'lode run opportunities web.lode -o r --metrics-listen 192.0.2.1:0'
refuse 4 'metrics none/m.prom: cannot be written' 'lode run opportunities web.lode -o r --metrics none/m.prom'
refuse 4 'metrics none/m.prom: cannot be written' 'lode stage events logs/events.csv -o s --metrics none/m.prom'
refuse 2 'metrics logs: is no file' 'lode run opportunities web.lode -o r --metrics logs'
refuse 2 'which address' 'lode run opportunities web.lode -o r --metrics-listen :9464'
refuse 2 'a port in 0..65535' 'lode run opportunities web.lode -o r --metrics-listen localhost:http'
refuse 2 'must be a time in 100ms..1h' 'lode run opportunities web.lode -o r --metrics m.prom --metrics-every 1ms'

finish
