#!/usr/bin/python3
"""Reads a store of counters with h5py alone and compares it with the files it was staged from.

  read_counters.py STORE [--slot MS] [--component COL] [--counter COL --value COL] FILE...
                   [--rejected N] [--fast]

Every value of every component and counter, times, the index, units of times, order, and that no file
holds a time of its own. Means of slots are made anew, sample by sample in order of time. FILES are CSV,
plain or gzip, in the order in which they were staged or appended. With --fast pandas reads them (wide
rows, samples as they are, seconds). Exits 1 at the first difference."""
import argparse
import csv
import gzip
import math
import pathlib
import sys

import h5py
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("store")
parser.add_argument("files", nargs="+")
parser.add_argument("--slot", type=int, default=0)
parser.add_argument("--component")
parser.add_argument("--counter")
parser.add_argument("--value")
parser.add_argument("--rejected", type=int, default=0)
parser.add_argument("--fast", action="store_true")
ask = parser.parse_args()


def check(condition, what):
    if not condition:
        raise SystemExit(f"read_counters: {what}")


def texts(dataset):
    return [x.decode() for x in dataset[:]]


def number(text):
    return math.nan if text == "" or text.lower().strip("+-") == "nan" else float(text)


def component_of(path):
    stem = path.name
    for end in (".gz", ".csv"):
        stem = stem.removesuffix(end)
    return stem


def expected_fast():
    """{component: data frame by time in ms}."""
    import pandas as pd

    frames, rejected = {}, 0
    for name in ask.files:
        frame = pd.read_csv(name, float_precision="round_trip").set_index("timestamp_s")
        frame.index *= 1000
        frames.setdefault(component_of(pathlib.Path(name)), []).append(frame)
    for component, list_ in frames.items():
        frame = pd.concat(list_)
        rejected += frame.index.duplicated().sum()
        frames[component] = frame[~frame.index.duplicated()].sort_index()
    check(rejected == ask.rejected, f"{rejected} rows are to be rejected, not {ask.rejected}")
    return frames


def compare_fast(frames, found):
    check(sorted(frames) == sorted(found), f"components {sorted(found)}, wanted {sorted(frames)}")
    for component, frame in frames.items():
        times, columns = found[component]
        check(np.array_equal(times, frame.index.to_numpy()), f"{component}: times differ")
        check(sorted(columns) == sorted(frame.columns), f"{component}: counters {sorted(columns)}")
        for counter in columns:
            check(np.array_equal(columns[counter], frame[counter].to_numpy(float), equal_nan=True),
                  f"{component}, {counter}: values differ")
    return sum(frame.size for frame in frames.values())


def expected():
    """{component: {time: {counter: value}}}; of equal times the first row counts."""
    series, rejected = {}, 0
    for name in ask.files:
        path = pathlib.Path(name)
        with (gzip.open(path, "rt", newline="") if path.suffix == ".gz" else open(path, newline="")) as file:
            for row in csv.DictReader(file):
                column = next(c for c in ("timestamp_ms", "timestamp_s", "time") if c in row)
                time = round(float(row.pop(column)) * (1000 if column.endswith("_s") else 1))
                component = row.pop(ask.component) if ask.component else component_of(path)
                if ask.counter:
                    row = {row[ask.counter]: row[ask.value]}
                at = series.setdefault(component, {}).setdefault(time, {})
                if any(counter in at for counter in row):
                    rejected += 1
                    continue
                at.update({counter: number(value) for counter, value in row.items()})
    check(rejected == ask.rejected, f"{rejected} rows are to be rejected, not {ask.rejected}")
    return series


def slotted(samples, counters):
    first, sums = min(samples), {}
    for time in sorted(samples):
        slot = sums.setdefault(first + (time - first) // ask.slot * ask.slot, {})
        for counter, value in samples[time].items():
            if not math.isnan(value):
                total, count = slot.get(counter, (0.0, 0))
                slot[counter] = (total + value, count + 1)
    return {time: {c: s[0] / s[1] for c, s in slot.items()} for time, slot in sums.items()}


def read(store, index):
    """{component: (times, {counter: values})}, the files of a partition one after the other."""
    found = {}
    parts = [(p, name) for p, name in enumerate(texts(index["partitions/file"]))]
    if "later/file" in index:
        parts += list(zip(index["later/partition"][:].tolist(), texts(index["later/file"])))
    index_names = texts(index["components/name"])
    for partition, name in parts:
        with h5py.File(pathlib.Path(store) / name) as part:
            components = texts(part["components/name"])
            check(components == sorted(components), f"{name}: components are not in order")
            names = texts(part["counters/name"])
            check(names == sorted(set(names)), f"{name}: counters are not in order")
            check(part["samples/time"].attrs["units"].decode() == "ms since 1970-01-01T00:00:00Z", "units")
            times, counters, values = (part[f"components/{x}_offset"][:] for x in ("time", "counter", "value"))
            for i, component in enumerate(components):
                row = index_names.index(component)
                check(index["components/partition"][row] == partition, f"{component}: partition")
                when = part["samples/time"][times[i]:times[i + 1]]
                codes = part["blocks/counter"][counters[i]:counters[i + 1]]
                block = part["samples/value"][values[i]:values[i + 1]].reshape(len(codes), len(when))
                old_times, old = found.get(component, (np.empty(0, "i8"), {}))
                if len(old_times) and ask.slot and old_times[-1] == when[0]:
                    old_times = old_times[:-1]  # the slot went on: the later file has it whole
                    old = {c: v[:-1] for c, v in old.items()}
                mine = {names[c]: block[k] for k, c in enumerate(codes)}
                united = {c: np.concatenate([old.get(c, np.full(len(old_times), np.nan)),
                                             mine.get(c, np.full(len(when), np.nan))])
                          for c in {**old, **mine}}
                found[component] = (np.concatenate([old_times, when]), united)
    return found


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


def compare(series, found):
    check(sorted(series) == sorted(found), f"components {sorted(found)}, wanted {sorted(series)}")
    n_values = 0
    for component, samples in series.items():
        counters = sorted({c for at in samples.values() for c in at})
        rows = slotted(samples, counters) if ask.slot else samples
        times, columns = found[component]
        check(times.tolist() == sorted(rows), f"{component}: times differ")
        check(sorted(columns) == counters, f"{component}: counters {sorted(columns)}, wanted {counters}")
        for counter in counters:
            for time, value in zip(times.tolist(), columns[counter].tolist()):
                wanted = rows[time].get(counter, math.nan)
                check(same(value, wanted), f"{component}, {counter}, {time}: {value}, not {wanted}")
                n_values += 1
    return n_values


def no_times_of_making(store):
    for path in pathlib.Path(store).glob("*.h5"):
        with h5py.File(path) as file:
            file.visititems(lambda name, item: check(
                h5py.h5o.get_info(item.id).mtime == 0 if hasattr(h5py.h5o.get_info(item.id), "mtime") else True,
                f"{path}: {name} has a time"))


def compare_index(index, series, found):
    names = texts(index["components/name"])
    check(index.attrs["kind"].decode() == "counters" and index.attrs["format"] == 3, "kind and format")
    check(index.attrs["slot_ms"] == ask.slot, "slot_ms")
    for component, samples in series.items():
        row = names.index(component)
        for column, wanted in (("first", min(samples)), ("last", max(samples)),
                               ("times", len(found[component][0]))):
            check(index[f"components/{column}"][row] == wanted, f"{component}: {column}")
    counters = {c for _, columns in found.values() for c in columns}
    check(set(texts(index["counters/name"])) == counters, "counters of the index")
    check(index.attrs["n_rows_rejected"] == ask.rejected, "rejected rows of the index")


with h5py.File(pathlib.Path(ask.store) / "index.h5") as index:
    series = expected_fast() if ask.fast else expected()
    found = read(ask.store, index)
    count = compare_fast(series, found) if ask.fast else compare(series, found)
    if ask.fast:
        series = {component: frame.index for component, frame in series.items()}
    compare_index(index, series, found)
no_times_of_making(ask.store)
print(f"{len(series)} components, {count} values: all as in the files")
