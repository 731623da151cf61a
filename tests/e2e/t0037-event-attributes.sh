#!/bin/sh
# Words and numbers that are kept with each event: as the CSV has them, in the order of the events,
# for any number of workers, whatever the form of the input, and through appends.
. "$(dirname "$0")/lib.sh"
need_python h5py

real=$LODE_DATA/events
[ -d "$real/deskdrop" ] || skip "no real data under LODE_DATA"
check=$LODE_SOURCE/tests/e2e/read_event_columns.py

expect "deskdrop: content_id of every event, and its place in the session as a number" '
    lode stage events "$real"/deskdrop/sessions.csv.gz "$real"/deskdrop/events.csv.gz -o desk \
        --event-attribute content_id --event-value seq --partition-bytes 4M
    [ -s desk/part-00001.h5 ]
    "$python" "$check" desk "$real"/deskdrop/events.csv.gz --words content_id --numbers seq'

expect "incidents: an attribute of sessions is one of their events too, under the same name" '
    lode stage events "$real"/it_incidents/sessions.csv.gz "$real"/it_incidents/events.csv.gz \
        -o incidents --event-attribute assignment_group,assigned_to
    "$python" "$check" incidents "$real"/it_incidents/events.csv.gz \
        --words assignment_group,assigned_to
    lode info incidents --json >info.json
    [ "$(json info.json "sorted(c[\"of\"] for c in d[\"columns\"] if c[\"name\"] == \"assignment_group\")")" \
        = "['\''event'\'', '\''session'\'']" ]
    lode info incidents | grep -q "attributes of events"'

expect "1, 2 and 5 workers write the same bytes, and so does JSON Lines" '
    gzip -dc "$real"/it_incidents/sessions.csv.gz >sessions.csv
    gzip -dc "$real"/it_incidents/events.csv.gz >events.csv
    "$python" -c "
import csv, json
rows = csv.DictReader(open(\"events.csv\", newline=\"\"))
open(\"events.jsonl\", \"w\").writelines(json.dumps(r) + \"\\n\" for r in rows)"
    for n in 1 2 5; do
        lode stage events sessions.csv events.csv -o "by$n" --event-attribute assigned_to \
            --event-value seq --local "$n" --partition-bytes 2M --range-bytes 300k --quiet
    done
    lode stage events sessions.csv events.jsonl -o json --event-attribute assigned_to \
        --event-value seq --partition-bytes 4M --quiet
    for part in by1/part-*.h5; do
        cmp "$part" "by2/${part#*/}"
        cmp "$part" "by5/${part#*/}"
    done
    cmp by1/index.h5 by2/index.h5
    cmp by1/index.h5 by5/index.h5
    "$python" "$check" json events.csv --words assigned_to --numbers seq'

expect "appending in three steps reads as one staging" '
    "$python" - <<PYTHON
import csv
rows = list(csv.reader(open("events.csv", newline="")))
head, rows = rows[0], sorted(rows[1:], key=lambda r: int(r[2]))
for p in range(3):
    with open(f"e{p}.csv", "w", newline="") as out:
        w = csv.writer(out)
        w.writerow(head)
        w.writerows(rows[p * len(rows) // 3 : (p + 1) * len(rows) // 3])
PYTHON
    lode stage events sessions.csv e0.csv -o grown --event-attribute assignment_group,assigned_to \
        --event-value seq --partition-bytes 2M --quiet
    lode stage events e1.csv --append grown --quiet
    lode stage events e2.csv --append grown --local 1 --quiet
    [ -s grown/part-00000.g3.h5 ]
    "$python" "$check" grown events.csv --words assignment_group,assigned_to --numbers seq'

expect "a mapping in a file, empty cells and gaps that cut sessions" '
    cat >mapping.yaml <<YAML
event-attribute: [url, status]
event-value: ms
YAML
    cat >calls.csv <<CSV
user,time,event,url,status,ms
a,1000,call,/x,200,1.5
a,500,call,,,
a,90000000,call,/y,500,-2
b,7,call,/x,,0
CSV
    lode stage events calls.csv -o calls --mapping mapping.yaml
    "$python" - <<PYTHON
import h5py, numpy as np
index, part = h5py.File("calls/index.h5"), h5py.File("calls/part-00000.h5")
words = {n: index[f"dictionaries/event_attributes/{n}"].asstr()[:] for n in ("url", "status")}
word = lambda n: [words[n][c] if c != 255 else "" for c in part[f"events/attributes/{n}"][:]]
assert list(part["events/time"]) == [500, 1000, 90000000, 7], list(part["events/time"])
assert word("url") == ["", "/x", "/y", "/x"] and word("status") == ["", "200", "500", ""]
assert np.array_equal(part["events/values/ms"][:], [np.nan, 1.5, -2, 0], equal_nan=True)
assert index["schema/event_attributes/name"].asstr()[:].tolist() == ["url", "status"]
PYTHON'

expect "a text among the numbers is a reject, as is one of a KPI" '
    printf "user,time,event,ms\na,1,x,5\na,2,x,slow\n" >slow.csv
    lode stage events slow.csv -o slow --event-value ms --max-rejects 60%
    grep -q "text in a number" slow/rejects.jsonl'

refuse 3 "no column for the event attribute.*did you mean .url" \
    'lode stage events calls.csv -o none --event-attribute urll'
refuse 2 "named as an event attribute and an event value" \
    'lode stage events calls.csv -o none --event-attribute ms --event-value ms'
refuse 2 "event-attribute" 'lode stage events calls.csv --append calls --event-attribute url'

expect "more different words than an attribute may have are refused with the limit" '
    "$python" -c "
print(\"user,time,event,id\")
for i in range(1048577): print(f\"u{i % 1000},{i},e,{i}\")" >ids.csv
    if lode stage events ids.csv -o ids --event-attribute id --quiet 2>error; then false; fi
    grep -q "attribute .id. has more than 1048576 different values" error
    [ ! -e ids ]'

finish
