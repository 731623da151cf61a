#!/usr/bin/python3
"""Reads one table of results.h5 with h5py alone and compares it with its CSV export.

  read_results.py RESULTS.h5 TABLE EXPORT.csv"""
import sys

import h5py
import pandas as pd


def values_of(group, dataset):
    """One value a row: a coded column holds each value once, its codes say which row has which."""
    if "codes" not in dataset.attrs:
        return dataset[:]
    return dataset[:][group.file[dataset.attrs["codes"].decode()][:]]


def cell_texts(group, dataset):
    """A column of dictionary codes as text; all bits set means no value."""
    words = [w.decode() for w in group.file[dataset.attrs["words"].decode()][:]]
    codes = values_of(group, dataset)
    none = (1 << (8 * codes.dtype.itemsize)) - 1

    def word(code):
        return "" if code == none and code >= len(words) else words[code]
    if codes.ndim == 1:
        return [word(c) for c in codes]
    escaped = [w.replace("\\", "\\\\").replace("|", "\\|") for w in words]
    return ["|".join(escaped[c] for c in row if c != none or c < len(words)) for row in codes]


def main():
    path, name, export = sys.argv[1:]
    frame = pd.read_csv(export, keep_default_na=False, float_precision="round_trip")
    with h5py.File(path) as file:
        group = file[name]
        columns = {k: v for k, v in group.items() if isinstance(v, h5py.Dataset)}
        order = sorted(columns, key=lambda k: columns[k].attrs["position"])
        assert order == list(frame.columns), (order, list(frame.columns))
        for column, dataset in columns.items():
            assert dataset.attrs["title"], f"{column} has no title"
            if "words" in dataset.attrs:
                same = cell_texts(group, dataset) == list(frame[column].astype(str))
            else:
                exported = pd.to_numeric(frame[column].replace("", "nan"))
                values = values_of(group, dataset)
                same = ((exported == values) | (exported.isna() & pd.isna(values))).all()
            assert same, f"column {column} differs"
        print(f"{len(frame)} rows, {len(columns)} columns")


if __name__ == "__main__":
    main()
