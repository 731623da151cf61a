"""Reads a segment of a journal as docs/formats.md describes it, without lode: one line per whole
frame, `begin end task task ...`: the tasks whose results (or ends) it has. A head is [magic 4 | size
u32 | offset u64 | hash u64 | hash u64]; hashes are not looked at."""
import struct
import sys


def value(data, at):
    """One MessagePack value of those that a journal has; returns it and where the next begins."""
    head = data[at]
    if head < 0x80:
        return head, at + 1
    if 0xA0 <= head < 0xC0:
        return data[at + 1 : at + 1 + head - 0xA0], at + 1 + head - 0xA0
    numbers = {0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}
    if head in numbers:
        size = struct.calcsize(numbers[head])
        return struct.unpack_from(numbers[head], data, at + 1)[0], at + 1 + size
    sizes = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
    width = struct.calcsize(sizes[head])
    size = struct.unpack_from(sizes[head], data, at + 1)[0]
    return data[at + 1 + width : at + 1 + width + size], at + 1 + width + size


def tasks_of(payload):
    fields = {1: 1, 2: 4, 3: 6, 4: 3}  # of a header, a stage, a result, a task that was given up
    at, tasks = 0, []
    while at < len(payload):
        kind, at = value(payload, at)
        values = []
        for _ in range(fields[kind]):
            field, at = value(payload, at)
            values.append(field)
        if kind in (3, 4):
            tasks.append(values[1])
    return tasks


with open(sys.argv[1], "rb") as file:
    data = file.read()
begin = 0
while begin + 32 <= len(data) and data[begin : begin + 4] == b"LDJ1":
    size = struct.unpack_from("<I", data, begin + 4)[0]
    end = begin + 32 + size
    if end > len(data):
        break
    print(begin, end, *tasks_of(data[begin + 32 : end]))
    begin = end
