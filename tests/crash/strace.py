# SPDX-License-Identifier: MIT
"""Kills the program at chosen system calls, or makes them fail, with strace(1)."""
import collections
import re
import shutil
import subprocess

# Calls on files, sockets and the database. "?": not on every architecture.
CALLS = ("openat ?open write pwrite64 writev read pread64 ?rename ?renameat renameat2 ?link linkat ?unlink unlinkat fsync "
         "fdatasync syncfs sync_file_range ftruncate fallocate fcntl close ?mkdir mkdirat sendto sendmsg recvfrom recvmsg "
         "connect fchmod flock").split()

# Its threads, but not the programs that it starts.
TRACE = ["strace", "-f", "--detach-on=execve", "-qq"]

Point = collections.namedtuple("Point", "call number line")


def usable():
    """Returns whether strace is installed and allowed to trace."""
    return bool(shutil.which("strace")) and subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def recording(log, calls=CALLS):
    """A prefix for a command: its calls are written to `log`."""
    return [*TRACE, "-y", "-s", "16", "-o", str(log), "-e", "trace=" + ",".join(calls), "-e", "signal=none"]


def injecting(call, what, path=None, log="/dev/null"):
    """A prefix for a command: `what`, for example "signal=KILL:when=3", happens to this call."""
    words = [*TRACE, "-o", str(log), "-e", "trace=" + call, "-e", "signal=none",
             "-e", "inject=%s:%s" % (call, what)]
    return words + (["-P", str(path)] if path else [])


def stopping(point, fd):
    """A prefix for a command: it stops at this point and writes that to the log, which is `fd`."""
    return [*TRACE, "-o", "/dev/fd/%d" % fd, "-e", "trace=" + point.call, "-e", "signal=STOP",
            "-e", "inject=%s:signal=STOP:when=%d" % (point.call, point.number)]


def points(log, after="state.db", children=True):
    """Every (call, number) in a recording, in the order met, from the first line that names `after`.

    children: also the calls of other threads, and of children that have not started their program yet.

    strace counts injections per thread and call, so a point is named by the number of that call in its thread.
    """
    counts, met, seen, begun, first = collections.Counter(), [], set(), False, None
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = file.readlines()
    for line in lines:
        match = re.match(r"(\d+) +([a-z0-9_]+)\(", line)
        if not match:
            continue
        thread, call = match.groups()
        first = first or thread
        if thread != first and not children:
            continue
        counts[thread, call] += 1
        begun = begun or after in line
        point = Point(call, counts[thread, call], line.strip())
        if begun and point[:2] not in seen:
            seen.add(point[:2])
            met.append(point)
    return met


def thinned(found, *more):
    """Leaves out nine tenths of the calls that move bytes, and of those named, in a run that makes hundreds of them."""
    bulk = {"read", "recvfrom", "pread64", "write", "pwrite64", *more}
    return [point for point in found if point.call not in bulk or point.number % 10 == 0]


def is_probe(point):
    """True for a call that concerns memory only, and for a call of a sanitizer, which tests memory by writing it to a pipe."""
    return "MAP_ANONYMOUS" in point.line or re.search(r"\bwrite\((?![12]<)\d+<pipe:", point.line) is not None


def sample(items, count):
    """At most `count` items, evenly spread; with the first and the last one, unless `count` is 1."""
    if count >= len(items):
        return list(items)
    if count < 2:
        return items[len(items) // 2:][:count]
    return [items[round(n * (len(items) - 1) / (count - 1))] for n in range(count)]
