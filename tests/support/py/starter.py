# SPDX-License-Identifier: MIT
"""Runs the program by a fork instead of a new start: one process per worker keeps it loaded (starter.cpp).

MAILHAUL_TEST_TOOLS is the folder with the library; without it every run is started anew.
"""
import multiprocessing.util
import os
import selectors
import signal
import socket
import struct
import subprocess
import threading
import time

TOOLS = os.environ.get("MAILHAUL_TEST_TOOLS")
QUIET, SAYS_ATTACHED = "-qq", "--quiet=personality,exit"


class Starter:
    """The loaded program, with a prefix such as setpriv or unshare."""

    ready = {}  # by process, thread and prefix: a starter has one run at a time

    def __init__(self, before, program):
        self.socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self.process = subprocess.Popen(
                [*before, "env", "LD_BIND_NOW=1", "LD_PRELOAD=%s/libstarter.so" % TOOLS, "MAILHAUL_STARTER=%d" % other.fileno(), program],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[other.fileno()])

    def close(self):
        self.socket.close()
        self.process.wait()

    @classmethod
    def of(cls, before, program):
        key = (os.getpid(), threading.get_ident(), program, *before)
        if key not in cls.ready:
            cls.ready[key] = cls(before, program)
            multiprocessing.util.Finalize(None, cls.ready[key].close, exitpriority=1)
        return cls.ready[key]

    def ask(self, fds, *texts):
        """Starts a child and returns its process number. The next number() is its status."""
        socket.send_fds(self.socket, [b"".join(os.fsencode(text) + b"\0" for text in texts)], fds)
        return self.number()

    def number(self):
        answer = self.socket.recv(4)
        if not answer:
            raise AssertionError("the starter has ended with %r" % self.process.wait())
        return struct.unpack("i", answer)[0]


class Process:
    """The part of subprocess.Popen that these runs need. If the prefix contains strace, strace is attached to the child."""

    def __init__(self, words, before, env, cwd, pass_fds):
        traced = before.index("strace") if "strace" in before else len(before)
        self.starter = Starter.of(before[:traced], words[0])
        self.returncode, self.tracer = None, None
        ends = [os.pipe(), os.pipe()]
        self.pipes = [end for end, _ in ends]
        self.texts = {end: b"" for end in self.pipes}
        with open(os.devnull, "rb") as nothing:
            self.pid = self.starter.ask([nothing.fileno(), *(end for _, end in ends)], "1" if before[traced:] else "0", cwd,
                                        str(len(words)), *words, *("%s=%s" % item for item in env.items()))
        for _, end in ends:
            os.close(end)
        if before[traced:]:
            self.trace([SAYS_ATTACHED if word == QUIET else word for word in before[traced:]], pass_fds)

    def trace(self, words, pass_fds):
        """The child continues once strace is attached."""
        self.tracer = subprocess.Popen([*words, "-p", str(self.pid)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, pass_fds=pass_fds)
        said = self.tracer.stderr.readline()
        if b"attached" not in said:
            self.send_signal(signal.SIGKILL)
            raise AssertionError("strace said %r" % said)
        self.send_signal(signal.SIGUSR1)

    def send_signal(self, number):
        if self.returncode is None:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:  # it has just ended
                pass

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout=None):
        if self.returncode is None:
            self.starter.socket.settimeout(timeout)
            try:
                status = self.starter.number()
            except TimeoutError:
                raise subprocess.TimeoutExpired("mailhaul", timeout) from None
            finally:
                self.starter.socket.settimeout(None)
            self.returncode = os.waitstatus_to_exitcode(status)
            if self.tracer:
                self.tracer.communicate()
        return self.returncode

    def communicate(self, _text=None, timeout=None):
        end = None if timeout is None else time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            for pipe in self.pipes:
                selector.register(pipe, selectors.EVENT_READ)
            while self.pipes:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    raise subprocess.TimeoutExpired("mailhaul", timeout)
                for key, _ in selector.select(left):
                    piece = os.read(key.fd, 65536)
                    self.texts[key.fd] += piece
                    if not piece:
                        selector.unregister(key.fd)
                        self.pipes.remove(key.fd)
                        os.close(key.fd)
        self.wait(None if end is None else max(0.001, end - time.monotonic()))
        return tuple(self.texts.values())


def start(words, program, env, cwd, pass_fds=(), **more):
    """A run of `words`: the prefix, the program, its arguments."""
    if not TOOLS or "LD_PRELOAD" in env:
        return subprocess.Popen(words, env=env, cwd=cwd, pass_fds=pass_fds, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **more)
    at = words.index(program)
    return Process(words[at:], words[:at], env, str(cwd), pass_fds)
