#!/usr/bin/python3
"""Reads columns of single events with h5py alone and compares them with the CSV they came from.

  read_event_columns.py STORE EVENTS.csv[.gz] [--words A,B] [--numbers A,B]

Every event of every session, in order of time, ties in order of input, with these columns; of a
store of several generations each user from the newest file that has it. Exits 1 at the first
difference."""
import argparse
import csv
import gzip
import math
import pathlib

import h5py
import numpy as np

arguments = argparse.ArgumentParser()
arguments.add_argument("store", type=pathlib.Path)
arguments.add_argument("events")
arguments.add_argument("--words", default="")
arguments.add_argument("--numbers", default="")
a = arguments.parse_args()
names = [n for n in a.words.split(",") if n]
numbers = [n for n in a.numbers.split(",") if n]


def texts(dataset):
    return [x.decode() for x in dataset[:]]


def columns_of(part, index):
    """The columns asked for, of all events of a file."""
    for name in names:
        words = texts(index[f"dictionaries/event_attributes/{name}"])
        codes = part[f"events/attributes/{name}"][:]
        assert part[f"events/attributes/{name}"].attrs["title"], name
        none = np.iinfo(codes.dtype).max
        yield ["" if c == none else words[c] for c in codes]
    for name in numbers:
        yield part[f"events/values/{name}"][:].tolist()


def read_users(path, index):
    """{user: {session: [(time, event, columns...)]}} of one file."""
    users = {}
    event_names = texts(index["dictionaries/event_names"])
    with h5py.File(path) as part:
        session_at, event_at = part["users/session_offset"][:], part["sessions/event_offset"][:]
        ids, times = texts(part["sessions/id"]), part["events/time"][:].tolist()
        rows = list(zip(times, (event_names[c] for c in part["events/name"][:]), *columns_of(part, index)))
        for u, user in enumerate(texts(part["users/id"])):
            users[user] = {ids[s]: rows[event_at[s] : event_at[s + 1]] for s in range(session_at[u], session_at[u + 1])}
    return users


found = {}
with h5py.File(a.store / "index.h5") as index:
    assert sorted(texts(index["schema/event_attributes/name"])) == sorted(names)
    if numbers:
        assert texts(index["schema/event_values/name"]) == numbers
    files = sorted(a.store.glob("part-*.h5"), key=lambda p: (int(p.name.split(".g")[1][:-3]) if ".g" in p.name else 1, p.name))
    for file in files:  # later generations replace users
        found.update(read_users(file, index))

expected = {}
with gzip.open(a.events, "rt", newline="") if a.events.endswith(".gz") else open(a.events, newline="") as file:
    for row in csv.DictReader(file):
        values = [row[n] for n in names] + [float(row[n]) if row[n] else math.nan for n in numbers]
        session = expected.setdefault(row["user_id"], {}).setdefault(row["session_id"], [])
        session.append((int(row["timestamp_ms"]), row["event"], *values))
count = 0
for user, sessions in expected.items():
    for session, rows in sessions.items():
        rows.sort(key=lambda r: r[0])
        if found[user][session] != rows:
            raise SystemExit(f"{a.store}: events of {session}: {found[user][session][:3]} ..., expected {rows[:3]} ...")
        count += len(rows)
print(f"{count} events, {len(files)} files")
