# SPDX-License-Identifier: MIT
"""What a disk contains after a power cut: a strict model, fed with the calls of a recorded run.

Only what was flushed is certain: the bytes of a file by fsync of the file, a name by fsync of its directory, and
everything by syncfs; and only what had been changed when the flush began. Of all other changes, any part may be
there, and where a file already has its new length, its bytes may be zero. A rename happens completely or not at
all, and a name always leads to the file that was given that name.
"""
import itertools
import os
import random

SECTOR = 512


class File:
    def __init__(self, serial, data=b""):
        self.serial = serial
        self.durable, self.now = data, bytearray(data)
        self.writes = []  # (number of the call, offset, bytes), or (number, new length, None)

    def write(self, call, at, data):
        self.writes.append((call, at, None if data is None else bytes(data)))
        apply(self.now, at, data)

    def flush(self, begun):
        covered = [write for write in self.writes if write[0] < begun]
        if not covered:
            return
        self.writes, data = self.writes[len(covered):], bytearray(self.durable)
        for _, at, piece in covered:
            apply(data, at, piece)
        self.durable = bytes(data)

    def left(self, outcome):
        """The bytes of the file after the cut."""
        if outcome.data == "all":
            return bytes(self.now)
        if outcome.data == "none" or not self.writes:
            return self.durable
        data = bytearray(self.durable)
        for _, at, piece in self.writes:
            if piece is None:
                apply(data, at, None)
                continue
            for start in range(0, len(piece), SECTOR):
                part = piece[start:start + SECTOR]
                if outcome.data == "zeros" or outcome.rng.random() < 0.5:
                    part = bytes(data[at + start:at + start + len(part)]).ljust(len(part), b"\0")
                apply(data, at + start, part)
        return bytes(data)


def apply(data, at, piece):
    if piece is None:
        del data[at:]
        data.extend(bytes(max(0, at - len(data))))
        return
    data.extend(bytes(max(0, at - len(data))))
    data[at:at + len(piece)] = piece


class Directory:
    def __init__(self, serial):
        self.serial = serial
        self.durable, self.now = {}, {}
        self.changes = []  # (number of the call, name, its node or None)

    def set(self, call, name, node):
        self.changes.append((call, name, node))
        if node is None:
            self.now.pop(name, None)
        else:
            self.now[name] = node

    def flush(self, begun):
        self.durable = self.after(change for change in self.changes if change[0] < begun)
        self.changes = [change for change in self.changes if change[0] >= begun]

    def left(self, outcome):
        return self.after(change for change in self.changes if outcome.keeps(change[0]))

    def after(self, changes):
        entries = dict(self.durable)
        for _, name, node in changes:
            if node is None:
                entries.pop(name, None)
            else:
                entries[name] = node
        return entries


class Outcome:
    """What happens to data that was not flushed. data: all, none, zeros (the length is there), some; names: all, none, some."""

    def __init__(self, data, names, seed=0):
        self.data, self.names, self.rng = data, names, random.Random(seed)
        self.calls = {}

    def keeps(self, call):
        """Whether the changes of names that this call made are kept: both halves of a rename have the same outcome."""
        if self.names == "some":
            return self.calls.setdefault(call, self.rng.random() < 0.5)
        return self.names == "all"

    def __str__(self):
        return "%s of the data, %s of the names" % (self.data, self.names)


OUTCOMES = [("none", "none"), ("all", "all"), ("zeros", "all"), ("none", "all"), ("all", "none")]


def outcomes(seed):
    """All extreme outcomes, and two in between."""
    return [Outcome(*both) for both in OUTCOMES] + [Outcome("some", "some", seed), Outcome("zeros", "some", seed + 1)]


class Disk:
    """The tree under `root`, in which everything is durable when the recording begins."""

    def __init__(self, root):
        self.root = str(root)
        self.numbers = itertools.count()  # of nodes; the same calls create the same numbers
        self.fed = 0                      # calls so far
        self.top = Directory(next(self.numbers))
        self.nameless = {}   # path as strace names it -> File
        self.places = {}     # descriptor -> position in the file
        self.opened = {}     # descriptor -> path
        self._load(self.root, self.top)

    def _load(self, path, directory):
        for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                node = Directory(next(self.numbers))
                self._load(entry.path, node)
            else:
                with open(entry.path, "rb") as file:
                    node = File(next(self.numbers), file.read())
            directory.durable[entry.name] = directory.now[entry.name] = node

    def inside(self, path):
        return path == self.root or path.startswith(self.root + "/")

    def at(self, path):
        """The node at this path, or None."""
        if path in self.nameless:
            return self.nameless[path]
        node = self.top
        for name in path[len(self.root):].strip("/").split("/"):
            if name:
                node = node.now.get(name) if isinstance(node, Directory) else None
        return node

    def set(self, path, node):
        directory, _, name = path.rpartition("/")
        self.at(directory).set(self.fed, name, node)

    def nodes(self):
        """All nodes that have a name now, directories first."""
        found, waiting = [], [self.top]
        while waiting:
            node = waiting.pop()
            found.append(node)
            if isinstance(node, Directory):
                waiting += node.now.values()
        return found + list(self.nameless.values())

    def feed(self, call):
        """Returns whether the call changed anything."""
        change = getattr(self, "_" + call.name, None)
        changed = bool(change and change(call))
        self.fed += 1
        return changed

    def _openat(self, call):
        path = call.opened
        if path is None or not self.inside(path):
            return False
        fd = str(call.returned)
        self.places[fd], self.opened[fd] = 0, path
        if "O_TMPFILE" in call.words:
            self.nameless[path] = File(next(self.numbers))
            return False
        made = self.at(path) is None
        if made:
            self.set(path, File(next(self.numbers)))
        elif "O_TRUNC" in call.words:
            self.at(path).write(self.fed, 0, None)
        if "O_APPEND" in call.words:
            self.places[fd] = None
        return made or "O_TRUNC" in call.words

    def _write(self, call):
        fd, path = call.fds[0]
        if not self.inside(path):
            return False
        file, data = self.at(path), call.texts[0][:call.returned]
        at = self.places.get(fd, 0)
        file.write(self.fed, len(file.now) if at is None else at, data)
        if at is not None:
            self.places[fd] = at + len(data)
        return True

    def _pwrite64(self, call):
        path = call.fds[0][1]
        if not self.inside(path):
            return False
        self.at(path).write(self.fed, call.number(3), call.texts[0][:call.returned])
        return True

    def _lseek(self, call):
        self.places[call.fds[0][0]] = call.returned

    def _ftruncate(self, call):
        path = call.fds[0][1]
        if self.inside(path):
            self.at(path).write(self.fed, call.number(1), None)
        return self.inside(path)

    def _mkdir(self, call):
        if not self.inside(call.path()):
            return False
        self.set(call.path(), Directory(next(self.numbers)))
        return True

    _mkdirat = _mkdir

    def _linkat(self, call):
        source, target = call.texts[0].decode(), call.path(1)
        if not self.inside(target):
            return False
        if source.startswith("/proc/self/fd/"):
            source = self.opened[source.rpartition("/")[2]]
        node = self.at(source if source.startswith("/") else call.path(0))
        self.nameless = {path: file for path, file in self.nameless.items() if file is not node}
        self.set(target, node)
        return True

    _link = _linkat

    def _rename(self, call):
        source, target = call.path(0), call.path(1)
        if not self.inside(source):
            return False
        self.set(target, self.at(source))
        self.set(source, None)
        return True

    _renameat = _renameat2 = _rename

    def _unlink(self, call):
        if not self.inside(call.path()):
            return False
        self.set(call.path(), None)
        return True

    _unlinkat = _rmdir = _unlink

    def _fsync(self, call):
        node = self.at(call.fds[0][1]) if self.inside(call.fds[0][1]) else None
        if node is not None:
            node.flush(call.begun)
        return node is not None

    _fdatasync = _fsync

    def _syncfs(self, call):
        for node in self.nodes():
            node.flush(call.begun)
        return True

    _sync = _syncfs
