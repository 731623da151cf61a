"""Spoils a copy of a store or a run in one way.

use: hostile_store.py FORGE WAY PATH [SEED]

FORGE is the program lode_forge, which seals a file as lode would and prints its size and hash.
"""
import os
import random
import subprocess
import sys

import h5py
import numpy

SEAL = 24
forge = sys.argv[1]


def flip(path, seed):
    """One bit somewhere, and says where."""
    place = random.Random(int(seed)).randrange(8 * os.path.getsize(path))
    with open(path, "r+b") as file:
        file.seek(place // 8)
        byte = file.read(1)[0]
        file.seek(place // 8)
        file.write(bytes([byte ^ 1 << place % 8]))
    print(f"bit {place % 8} of byte {place // 8}")


def foreign(path):
    with h5py.File(path, "w") as file:
        file["x"] = [1, 2, 3]


def touch(path):
    """Another program writes into the file: nothing but a number that was there."""
    with h5py.File(path, "r+") as file:
        file["schema/kpis/n_missing"][0] = 1


def edit(path, change):
    """Takes the seal off, changes the file, seals it again; its size and hash."""
    os.truncate(path, os.path.getsize(path) - SEAL)
    with h5py.File(path, "r+") as file:
        change(file)
    return map(int, subprocess.run([forge, path], capture_output=True, check=True).stdout.split())


def edit_index(store, change):
    edit(os.path.join(store, "index.h5"), change)


def edit_part(store, change):
    """The first partition, and what the index says of it."""
    size, checksum = edit(os.path.join(store, "part-00000.h5"), change)

    def note(index):
        index["partitions/size_bytes"][0] = size
        index["partitions/checksum"][0] = checksum

    edit_index(store, note)


def put(name, **how):
    """A change that puts another data set in its place."""

    def change(file):
        del file[name]
        file.create_dataset(name, **how)

    return change


def link(name, target):
    def change(file):
        del file[name]
        file[name] = target

    return change


def assign(name, place, value):
    def change(file):
        file[name][place] = value

    return change


def virtual(name):
    def change(file):
        layout = h5py.VirtualLayout(shape=file[name].shape, dtype="u1")
        layout[...] = h5py.VirtualSource("gone.h5", "x", shape=file[name].shape)
        del file[name]
        file.create_virtual_dataset(name, layout)  # a missing source reads as zeros

    return change


def attribute(name, value, of="/"):
    def change(file):
        file[of].attrs[name] = value

    return change


def rename_parts(name):
    def change(file):
        names = numpy.array([name] * len(file[PARTS]))
        del file[PARTS]
        file[PARTS] = names

    return change


def remove_format(file):
    del file.attrs["format"]


def cut_first_row(name):
    def change(file):
        rows = file[name][1:]
        del file[name]
        file[name] = rows

    return change


NAMES, PARTS = "dictionaries/event_names", "partitions/file"
EVENTS, OFFSETS, KPI = "events/name", "sessions/event_offset", "sessions/kpi/kpi_crash"
TRILLION = 10**12
PATTERNS = "patterns/"
INDEX_WAYS = {
    "counters_kind": attribute("kind", numpy.bytes_(b"series")),
    "counters_parent": assign("components/parent", 0, 0),
    "counters_type": assign("counters/type", 0, 9),
    "newer": attribute("format", numpy.int64(99)),
    "no_format": remove_format,
    "external_link": link(NAMES, h5py.ExternalLink("/etc/hostname", "/x")),
    "soft_link": link(NAMES, h5py.SoftLink("/" + NAMES)),
    "external_rows": put(NAMES, shape=(4,), dtype="S8", external=[("/etc/hostname", 0, 32)]),
    "virtual": virtual(NAMES),
    "huge": put(NAMES, shape=(TRILLION,), dtype="S8"),
    "huge_packed": put(NAMES, shape=(TRILLION,), dtype="S8", chunks=(1 << 17,), compression=1),
    "filter": put(NAMES, data=numpy.zeros(9, "S8"), chunks=(9,), fletcher32=True),
    "variable_text": put(NAMES, data=["a", "b"], dtype=h5py.string_dtype()),
    "compound": put(NAMES, data=numpy.zeros(9, [("a", "<i4"), ("b", "<f8")])),
    "committed_type": link(NAMES, numpy.dtype("<i8")),
    "group_for_data": lambda file: (file.__delitem__(NAMES), file.create_group(NAMES)),
    "missing": lambda file: file.__delitem__(NAMES),
    "big_chunk": put(NAMES, data=numpy.zeros(1 << 17, "S64"), chunks=(1 << 17,)),
    "part_outside": rename_parts(b"../web.lode/part-00000.h5"),
    "part_escape": rename_parts(b"part-\x1b[31m.h5"),
    "negative_count": assign("partitions/events", 0, -1),
    "many_rows": assign("partitions/events", slice(None), 2**63 - 1),
    "rows_of_table": cut_first_row("partitions/sessions"),
}
PART_WAYS = {
    "counters_offsets": assign("components/time_offset", 1, 2**62),
    "counters_blocks": assign("components/value_offset", 1, 1),
    "counters_code": assign("blocks/counter", 0, 250),
    "counters_name": assign("counters/name", 0, b"\x01"),
    "part_link": link(EVENTS, h5py.ExternalLink("part-00001.h5", "/" + EVENTS)),
    "part_virtual": virtual(EVENTS),
    "part_huge": put(EVENTS, shape=(TRILLION,), dtype="u1"),
    "part_offsets": assign(OFFSETS, 1, 2**62),
    "part_codes": assign(EVENTS, 0, 250),
    "part_outcome": assign(KPI, 0, 3),
    "part_fewer_rows": cut_first_row(EVENTS),
    "part_column_missing": lambda file: file.__delitem__(KPI),
}
RUN_WAYS = {
    "results_link": link(PATTERNS + "q", h5py.ExternalLink("/etc/hostname", "/x")),
    "results_codes": assign(PATTERNS + "pattern", 0, 254),
    "results_position": attribute("position", numpy.int64(99), PATTERNS + "q"),
    "results_rows": attribute("n_rows", numpy.int64(2**40), PATTERNS),
    "results_type": attribute("type", numpy.bytes_(b"\x1b[31m"), PATTERNS + "q"),
}


def main():
    way, path, *rest = sys.argv[2:]
    if way in INDEX_WAYS:
        edit_index(path, INDEX_WAYS[way])
    elif way in PART_WAYS:
        edit_part(path, PART_WAYS[way])
    elif way in RUN_WAYS:
        edit(os.path.join(path, "results.h5"), RUN_WAYS[way])
    else:
        {"flip": flip, "foreign": foreign, "touch": touch}[way](path, *rest)


if __name__ == "__main__":
    main()
