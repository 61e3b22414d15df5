# SPDX-License-Identifier: MIT
"""Ways to kill a run: at a system call or at any time, alone or with all its children."""
import collections
import os
import signal
import subprocess

from crash import strace
from support.py.world import LIMIT

# LeakSanitizer cannot work in a traced process.
SANITIZER = {"ASAN_OPTIONS": "detect_leaks=0"}

Kill = collections.namedtuple("Kill", "how point seconds")  # how: "call", "session at call", "time", "session at time"


def describe(kill):
    if kill.point:
        return "%s: %s number %d [%s]" % (kill.how, kill.point.call, kill.point.number, kill.point.line)
    return "%s: %.4f s" % (kill.how, kill.seconds)


def in_session(leader):
    """The processes of a session that still run, in any process group: mailhaul gives each program its own group."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/" + name + "/stat", "rb") as file:
                state, _, _, session = file.read().rpartition(b")")[2].split(maxsplit=4)[:4]
        except OSError:  # it has just ended
            continue
        if int(session) == leader and state not in b"ZX":
            yield int(name)


def end_session(leader):
    while True:
        left = list(in_session(leader))
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def program_of(pid):
    try:
        return os.readlink("/proc/%d/exe" % pid)
    except OSError:  # it has just ended
        return None


def kill_alone(process):
    """A program that was about to start holds the run's locks until the exec, which a busy machine delays."""
    program = program_of(process.pid)
    process.kill()
    while program and any(program_of(pid) == program for pid in in_session(process.pid)):
        pass


def finish(row, process):
    """Waits for the end of the run; returns whether it was killed."""
    try:
        row.said += process.communicate(timeout=LIMIT)[1].decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        end_session(process.pid)
        process.communicate()
        row.fail("a run that was to be killed does not end")
    return process.returncode in (-9, 137)


def start(row, *prefix, **more):
    row.world.prefix = list(prefix)
    try:
        return row.world.start("fetch", start_new_session=True, env=SANITIZER if prefix else {}, **more)
    finally:
        row.world.prefix = []


def at_call(row, point):
    return finish(row, start(row, *strace.injecting(point.call, "signal=KILL:when=%d" % point.number)))


def session_at_call(row, point):
    """The process stops at the point and is then killed together with all its children."""
    reader, writer = os.pipe()
    with open(reader, "rb") as log:
        process = start(row, *strace.stopping(point, writer), pass_fds=[writer])
        os.close(writer)
        stopped = any(b"stopped by SIGSTOP" in line for line in log)
        end_session(process.pid)
        finish(row, process)
    return stopped


def at_time(row, seconds, session):
    process = start(row)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        if session:
            end_session(process.pid)
        else:
            kill_alone(process)
    return finish(row, process)


def kill(row, how):
    """Starts a run that is killed in this way. Returns False if the run ended before that."""
    if how.point:
        return (session_at_call if "session" in how.how else at_call)(row, how.point)
    return at_time(row, how.seconds, "session" in how.how)
