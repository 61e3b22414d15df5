# SPDX-License-Identifier: MIT
"""Measures the peak of a program's memory: `python3 -S -E measured.py FILE PROGRAM WORD...` writes the bytes into FILE.

This is a small process of its own, because the peak of a child begins with what its parent held at the fork.
"""
import os
import sys

_, ended, usage = os.wait4(os.spawnvp(os.P_NOWAIT, sys.argv[2], sys.argv[2:]), 0)
with open(sys.argv[1], "w", encoding="ascii") as report:
    report.write(str(usage.ru_maxrss * 1024))
status = os.waitstatus_to_exitcode(ended)
sys.exit(status if status >= 0 else 128 - status)
