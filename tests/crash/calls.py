# SPDX-License-Identifier: MIT
"""Reads a strace(1) recording that has all bytes: what was changed on the disk, flushed, and sent to the server."""
import re

CHANGES = ("openat ?open creat write pwrite64 writev pwritev lseek ftruncate fallocate ?rename ?renameat renameat2 ?link linkat "
           "?unlink unlinkat ?mkdir mkdirat ?rmdir fsync fdatasync sync syncfs sendto sendmsg recvfrom wait4 clone ?clone3 ?fork ?vfork copy_file_range "
           "sendfile").split()
ESCAPED = r"[\\x0-9a-f]*"
FD = re.compile(r"(AT_FDCWD|\d+)<(%s)>(?:\(deleted\))?" % ESCAPED)
TEXT = re.compile(r'"(%s)"' % ESCAPED)


def recording(log):
    """A prefix for a command: its calls are written to `log`, with all bytes."""
    return ["strace", "-f", "--detach-on=execve", "-qq", "-y", "-xx", "-s", "100000000", "-o", str(log),
            "-e", "trace=" + ",".join(CHANGES), "-e", "signal=none"]


def plain(escaped):
    return bytes.fromhex(escaped.replace("\\x", ""))


class Call:
    """A call that succeeded. fds: (number, path) of its descriptors; texts: its strings; words: all arguments as written;
    begun: how many calls had ended when it began."""

    def __init__(self, begun, name, arguments, returned):
        self.begun = begun
        self.name = name
        parts = TEXT.split(arguments)
        rest = '""'.join(parts[::2])
        self.fds = [(fd, plain(path).decode()) for fd, path in FD.findall(rest)]
        self.texts = [plain(text) for text in parts[1::2]]
        self.words = FD.sub(r"\1", rest)
        self.returned = int(returned.split("<")[0])
        opened = FD.search(returned)
        self.opened = plain(opened.group(2)).decode() if opened else None

    def starts_a_program(self):
        return self.name in ("clone", "clone3", "fork", "vfork") and "CLONE_THREAD" not in self.words

    def number(self, index):
        """The `index`th argument, which is a number."""
        return int(self.words.split(", ")[index], 0)

    def path(self, index=0):
        """The `index`th path, made absolute with the directory before it where the call takes one."""
        text = self.texts[index].decode()
        if text.startswith("/"):
            return text
        return self.fds[index][1] + "/" + text

    def __repr__(self):
        return "%s(%s)" % (self.name, ", ".join([path for _, path in self.fds] + [repr(text[:60]) for text in self.texts]))


def read(log):
    """The calls that succeeded, in the order in which they ended."""
    begun, calls = {}, []
    with open(log, encoding="ascii") as file:
        for line in file:
            process, _, rest = line.rstrip("\n").partition(" ")
            rest, before = rest.strip(), len(calls)
            if rest.endswith("<unfinished ...>"):
                begun[process] = rest[:-len("<unfinished ...>")], before
                continue
            resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", rest)
            if resumed:
                start, before = begun.pop(process, ("", before))
                rest = start + resumed.group(1)
            whole = re.match(r"(\w+)\((.*)\) += (-?\d\S*)", rest)
            if whole and not whole.group(3).startswith("-"):
                calls.append(Call(before, *whole.groups()))
    return calls
