"""Compares lode's CSV splitter with libcsv and with Python's csv module.

use: oracles.py SPLIT generated SEED COUNT | oracles.py SPLIT files FILE...

SPLIT is the program lode_split. Prints what differs, and where; the exit status is 1 then.
"""
import csv
import io
import random
import subprocess
import sys

csv.field_size_limit(1 << 30)
FIELD_END, RECORD_END = "\x1f", "\x1e"


def split(program, path, *options):
    return subprocess.run([program, *options, path], capture_output=True, check=True).stdout


def split_by_python(text):
    """As lode_split prints it. surrogateescape: bytes that are not UTF-8 stay what they are."""
    out = io.StringIO()
    decoded = text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    for record in csv.reader(io.StringIO(decoded, newline="")):
        if record:
            out.write("".join(field + FIELD_END for field in record) + RECORD_END)
    return out.getvalue().encode("utf-8", "surrogateescape")


def differ(name, ours, theirs, whose):
    if ours == theirs:
        return False
    record = next((i for i, (a, b) in enumerate(zip(ours.split(b"\x1e"), theirs.split(b"\x1e"))) if a != b), -1)
    print(f"{name}: record {record} is not as {whose} reads it:")
    for answer in (ours, theirs):
        print("   ", answer.split(b"\x1e")[record][:200])
    return True


def expected_rows(by_python):
    """What staging makes of the records, or None where it refuses the header."""
    records = by_python.split(b"\x1e")[:-1]
    names = records[0].split(b"\x1f")[:-1] if records else []
    if not names or len(set(names)) < len(names) or b"" in names:
        return None
    fits = (r if r.count(b"\x1f") == len(names) else b"!wrong number of fields" for r in records)
    return b"".join(r + b"\x1e" for r in fits)


def compare(program, path):
    """True if all agree about the file."""
    ours = split(program, path)
    with open(path, "rb") as file:
        by_python = split_by_python(file.read())
    rows = expected_rows(by_python)
    differs = rows is not None and differ(path + " (rows)", split(program, path, "--rows"), rows, "Python")
    return not (differs | differ(path, ours, split(program, path, "--libcsv"), "libcsv") | differ(path, ours, by_python, "Python"))


def random_field(rng):
    plain = ["a", "-1", "\u00e9", "0.5", " x ", 'in"side', "", "longer than a word", "\U0001f600", "\t"]
    if rng.random() < 0.5:
        return rng.choice(plain)
    inside = ['""', ",", "\n", "\r\n", "\r", "b", "\u20ac", " ", "x" * rng.choice((1, 7, 8, 9, 300))]
    return '"' + "".join(rng.choice(inside) for _ in range(rng.randrange(6))) + '"'


def generate(seed, path):
    """Records of any number of fields, blank lines, both line ends, sometimes none at the end."""
    rng = random.Random(seed)
    end = rng.choice(("\n", "\r\n"))
    lines = []
    columns = rng.randrange(1, 7)
    if rng.random() < 0.7:  # else the header is whatever comes, mostly one that staging refuses
        lines.append(",".join(f"c{i}" for i in range(columns)))
    for _ in range(rng.randrange(1, 40)):
        if rng.random() < 0.1:
            lines.append("")
        else:
            count = columns if rng.random() < 0.9 else rng.randrange(1, 7)
            lines.append(",".join(random_field(rng) for _ in range(count)))
    text = ("\ufeff" if rng.random() < 0.2 else "") + end.join(lines) + (end if rng.random() < 0.7 else "")
    with open(path, "wb") as file:
        file.write(text.encode())


def main():
    program, what, *rest = sys.argv[1:]
    if what == "files":
        agreed = [compare(program, path) for path in rest]
        print(f"{len(rest)} files")
        return not all(agreed)
    first, count = map(int, rest)
    print(f"seeds {first} to {first + count - 1}")
    for seed in range(first, first + count):
        generate(seed, "generated.csv")
        if not compare(program, "generated.csv"):
            print(f"seed {seed}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
