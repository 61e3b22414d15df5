# SPDX-License-Identifier: MIT
"""A program and the peak of its memory: `python3 -S -E measured.py FILE PROGRAM WORD...` writes the bytes into FILE.

A process in between, and a small one: the peak of a child begins with what its parent held when it was made.
"""
import os
import sys

_, ended, usage = os.wait4(os.spawnvp(os.P_NOWAIT, sys.argv[2], sys.argv[2:]), 0)
with open(sys.argv[1], "w", encoding="ascii") as report:
    report.write(str(usage.ru_maxrss * 1024))
status = os.waitstatus_to_exitcode(ended)
sys.exit(status if status >= 0 else 128 - status)
