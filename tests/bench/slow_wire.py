#!/usr/bin/python3
"""Puts a wire that delays every frame between the hosts of tests/e2e/hosts.sh and their bridge, where the
kernel has no netem. use: slow_wire.py PREFIX HOSTS MILLISECONDS

Each host gets a TAP device eth0 in place of its own, the bridge one named cableI; frames wait here in
between, each direction for itself. Says "ready" once they are up; ends when it is killed, and the
devices with it."""
import ctypes
import fcntl
import heapq
import os
import select
import struct
import subprocess
import sys
import time

TUNSETIFF, TAP_WITHOUT_HEADER = 0x400454CA, 0x0002 | 0x1000
FRAME = 1 << 16


def enter(namespace):
    handle = os.open(f"/var/run/netns/{namespace}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(handle, 0) != 0:
        raise SystemExit(f"slow_wire: {namespace}: {os.strerror(ctypes.get_errno())}")
    os.close(handle)


def tap(namespace, name):
    enter(namespace)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), TAP_WITHOUT_HEADER))
    return device


def ip(namespace, *words):
    subprocess.run(["ip", "-n", namespace, *words], check=True)


def plug_in(prefix, i):
    host, switch = f"{prefix}n{i}", f"{prefix}s"
    ip(host, "link", "del", "eth0")  # and cableI with it
    ends = tap(host, "eth0"), tap(switch, f"cable{i}")
    ip(host, "addr", "add", f"10.77.0.{i + 1}/24", "dev", "eth0")
    ip(host, "link", "set", "eth0", "up")
    ip(switch, "link", "set", f"cable{i}", "master", "bridge")
    ip(switch, "link", "set", f"cable{i}", "up")
    return ends


def carry(other, delay):
    """`other` says for each device where its frames come out."""
    under_way, number = [], 0
    while True:
        wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        for device in select.select(list(other), [], [], wait)[0]:
            number += 1
            heapq.heappush(under_way, (time.monotonic() + delay, number, other[device], os.read(device, FRAME)))
        while under_way and under_way[0][0] <= time.monotonic():
            device, frame = heapq.heappop(under_way)[2:]
            try:
                os.write(device, frame)
            except BlockingIOError:
                pass  # a full queue drops frames, as a switch does


def main():
    prefix, hosts, milliseconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    other = {}
    for i in range(hosts):
        near, far = plug_in(prefix, i)
        other[near], other[far] = far, near
    print("ready", flush=True)
    carry(other, milliseconds / 1e3)


if __name__ == "__main__":
    main()
