#!/usr/bin/python3
"""Writes the sessions and events of two CSV files in other forms that say the same.

  forms.py FORM SESSIONS.csv EVENTS.csv FOLDER    writes FOLDER/sessions.* and FOLDER/events.*
  forms.py sessions SESSIONS.csv EVENTS.csv STORE GAP_S MAX_S
                                                  compares a store staged from users and times alone
  forms.py derived STORE EVENTS_ONLY_STORE        compares ids, starts and events of two stores

Forms: whole_seconds (times cut to seconds, in ms), seconds, iso, iso_offset, jsonl, quoted (all
fields, CR LF, byte order mark), renamed (other column names), interleaved (events as they were
collected: by time), no_session (events without their session)."""
import csv
import datetime
import json
import pathlib
import sys

import h5py

RENAMED = dict(session_id="sid", user_id="visitor", timestamp_ms="moment", event="what", start_ms="began")


def read(path):
    return list(csv.DictReader(open(path, newline="")))


def iso(ms, hours):
    zone = datetime.timezone(datetime.timedelta(hours=hours))
    moment = datetime.datetime.fromtimestamp(ms // 1000, zone)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f"{moment.strftime('%z')[:3]}:00" if hours else "Z")


TIMES = dict(whole_seconds=lambda ms: ms // 1000 * 1000, seconds=lambda ms: ms // 1000, iso=lambda ms: iso(ms, 0),
             iso_offset=lambda ms: iso(ms, 2))


def as_json(row):
    """KPIs and times are numbers in JSON, ids and attributes are not."""
    return {k: (json.loads(v) if k.startswith("kpi_") or k.endswith("_ms") else v) for k, v in row.items()}


def write(form, name, rows, folder):
    time = "start_ms" if name == "sessions" else "timestamp_ms"
    if form in TIMES:
        rows = [{**r, time: TIMES[form](int(r[time]))} for r in rows]
    if form == "interleaved" and name == "events":
        rows = sorted(rows, key=lambda r: int(r[time]))  # stable: ties stay as they were
    if form == "no_session":
        rows = [{k: v for k, v in r.items() if k != "session_id"} for r in rows]
    if form == "renamed":
        rows = [{RENAMED.get(k, k): v for k, v in r.items()} for r in rows]
    if form == "jsonl":
        with open(folder / f"{name}.jsonl", "w") as file:
            file.writelines(json.dumps(as_json(r)) + "\n" for r in rows)
        return
    quoted = form == "quoted"
    with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8-sig" if quoted else "utf-8") as file:
        out = csv.DictWriter(file, rows[0], quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
                             lineterminator="\r\n" if quoted else "\n")
        out.writeheader()
        out.writerows(rows)


def parts(store):
    for path in sorted(pathlib.Path(store).glob("part-*.h5")):
        with h5py.File(path) as file:
            yield file


def lengths(offsets):
    return (offsets[1:] - offsets[:-1]).tolist()


def compare_cut(events_csv, store, gap_ms, max_ms):
    """Sessions by the rule: cut before a gap of more than gap_ms, and where one would be longer than max_ms."""
    by_user = {}
    for row in read(events_csv):
        by_user.setdefault(row["user_id"], []).append(int(row["timestamp_ms"]))
    expected = {}
    for user, times in by_user.items():
        own = expected.setdefault(user, [])
        last = None
        for t in sorted(times):
            if last is None or t - last > gap_ms or t - own[-1][0] > max_ms:
                own.append([t, 0])
            own[-1][1] += 1
            last = t
    found = {}
    for part in parts(store):
        at, starts, counts = part["users/session_offset"][:], part["sessions/start"][:].tolist(), lengths(part["sessions/event_offset"][:])
        for u, user in enumerate(part["users/id"][:]):
            found[user.decode()] = [[starts[s], counts[s]] for s in range(at[u], at[u + 1])]
    assert found == expected, "sessions differ from the rule"
    print(sum(map(len, found.values())), "sessions of", len(found), "users")


def compare_derived(whole, derived):
    for a, b in zip(parts(whole), parts(derived), strict=True):
        for name in ("users/id", "users/session_offset", "sessions/id", "sessions/start", "sessions/event_offset", "events/time", "events/name"):
            assert (a[name][:] == b[name][:]).all(), f"{name} differs"


def main():
    form, first, second, *rest = sys.argv[1:]
    if form == "sessions":
        compare_cut(second, rest[0], int(rest[1]) * 1000, int(rest[2]) * 1000)
    elif form == "derived":
        compare_derived(first, second)
    else:
        folder = pathlib.Path(rest[0])
        folder.mkdir()
        write(form, "sessions", read(first), folder)
        write(form, "events", read(second), folder)


if __name__ == "__main__":
    main()
