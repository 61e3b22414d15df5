# SPDX-License-Identifier: MIT
import contextlib
import random
import socket


def free_port():
    """A port where a program can listen: not one of those that the kernel gives to whoever asks for any."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first, last = map(int, file.read().split())
    others = [*range(1024, first), *range(last + 1, 65536)] or range(1024, 65536)
    while True:
        port = random.choice(others)
        with contextlib.suppress(OSError), socket.socket() as trial:
            trial.bind(("127.0.0.1", port))
            return port
