#!/usr/bin/python3
"""Reads a store with h5py alone and compares it with the CSV files it was staged from.

  read_store.py STORE SESSIONS.csv EVENTS.csv

Every session with its user, start, attributes and KPIs, and every event in order; partition counts;
order of rows; units and titles. Exits 1 at the first difference."""
import csv
import pathlib
import sys

import h5py
import numpy as np


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def texts(dataset):
    return [x.decode() for x in dataset[:]]


def check(condition, what):
    if not condition:
        raise SystemExit(f"read_store: {what}")


def decoded(codes, words):
    """Dictionary codes as words; all bits set means no value."""
    none = np.iinfo(codes.dtype).max
    return ["" if c == none and c >= len(words) else words[c] for c in codes]


def read_part(path, index):
    """Sessions of one partition: {id: (user, start, attributes, kpis, [(time, event)..])}, in order."""
    sessions = {}
    names = texts(index["dictionaries/event_names"])
    attributes = texts(index["schema/attributes/name"]) if "schema/attributes/name" in index else []
    of_user = index["schema/attributes/of_user"][:] if attributes else []
    kpis = texts(index["schema/kpis/name"])
    with h5py.File(path) as part:
        for name in ("events/time", "sessions/start"):
            check(text(part[name].attrs["units"]).startswith("ms since 1970-01-01"), f"units of {name}")
        part.visititems(lambda name, x: check(not isinstance(x, h5py.Dataset) or x.attrs.get("title"), f"{name} has no title"))
        users, ids = texts(part["users/id"]), texts(part["sessions/id"])
        user_at, event_at = part["users/session_offset"][:], part["sessions/event_offset"][:]
        check(user_at[0] == 0 and user_at[-1] == len(ids) and len(user_at) == len(users) + 1, "users/session_offset")
        check(event_at[0] == 0 and event_at[-1] == len(part["events/time"]), "sessions/event_offset")
        check(all(a.encode() < b.encode() for a, b in zip(users, users[1:])), "users are not sorted")
        start, times = part["sessions/start"][:], part["events/time"][:]
        events = decoded(part["events/name"][:], names)
        columns = []
        for name, user in zip(attributes, of_user):
            words = texts(index[f"dictionaries/attributes/{name}"])
            codes = part[f"{'users' if user else 'sessions'}/attributes/{name}"][:]
            columns.append(decoded(codes, words))
        values = [part[f"sessions/kpi/{name}"][:] for name in kpis]
        for u, user in enumerate(users):
            rows = range(user_at[u], user_at[u + 1])
            check(len(rows) > 0, f"user {user} without a session")
            check(all(start[a] <= start[a + 1] for a in rows[:-1]), f"sessions of user {user} are not in time order")
            for s in rows:
                own = range(event_at[s], event_at[s + 1])
                check(all(times[a] <= times[a + 1] for a in own[:-1]), f"events of session {ids[s]} are not in time order")
                sessions[ids[s]] = (user, int(start[s]), dict(zip(attributes, (c[u] if o else c[s] for c, o in zip(columns, of_user)))),
                                    {k: float(v[s]) for k, v in zip(kpis, values)}, [(int(times[e]), events[e]) for e in own])
        return sessions, (len(users), len(ids), len(events))


def main():
    store, sessions_csv, events_csv = map(pathlib.Path, sys.argv[1:])
    found = {}
    with h5py.File(store / "index.h5") as index:
        check(text(index.attrs["kind"]) == "events", "kind")
        for name in ("title", "history", "lode_version", "source"):
            check(index.attrs.get(name), f"attribute {name} of index.h5")
        table = [index[f"partitions/{x}"][:] for x in ("file", "users", "sessions", "events", "size_bytes")]
        for file, users, n_sessions, n_events, size in zip(*table):
            path = store / file.decode()
            check(path.stat().st_size == size, f"size of {path}")
            sessions, counts = read_part(path, index)
            check(counts == (users, n_sessions, n_events), f"row counts of {path}")
            found.update(sessions)
        print(f"{len(table[0])} partitions, {len(found)} sessions")
    events = {}
    for row in csv.DictReader(open(events_csv, newline="")):
        events.setdefault(row["session_id"], []).append((int(row["timestamp_ms"]), row["event"]))
    expected = 0
    for row in csv.DictReader(open(sessions_csv, newline="")):
        expected += 1
        check(row["session_id"] in found, f"session {row['session_id']} is missing")
        user, start, attributes, kpis, own = found[row["session_id"]]
        check(user == row["user_id"] and start == int(row["start_ms"]), f"user or start of {row['session_id']}")
        check(all(row[k] == v for k, v in attributes.items()) and len(attributes) == 5, f"attributes of {row['session_id']}")
        check(all(float(row[k]) == v for k, v in kpis.items()) and len(kpis) == 4, f"KPIs of {row['session_id']}")
        check(own == sorted(events.get(row["session_id"], []), key=lambda e: e[0]), f"events of {row['session_id']}")
    check(expected == len(found), "sessions that are in no input")


if __name__ == "__main__":
    main()
