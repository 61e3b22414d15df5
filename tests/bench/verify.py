# SPDX-License-Identifier: MIT
"""Which messages arrived, by SHA-256, in any order and without the headers that a client adds on top."""
import collections
import hashlib
import mmap
import re

# The corpus has none of these headers, and some clients always add them.
ADDED = re.compile(rb"^(?:Received|Delivered-To|X-getmail-[a-z-]+|Envelope-To):.*\n(?:[ \t].*\n)*", flags=re.M | re.I)
QUOTED = re.compile(rb"\n>(>*From )")
ENTRY = b"\n\nFrom "


def digest(text):
    """The hash of a message in memory, with LF line ends."""
    end = text.find(b"\n\n") + 1
    if end == 0:
        end = len(text)
    whole = hashlib.sha256(ADDED.sub(b"", text[:end]))
    whole.update(memoryview(text)[end:])
    return whole.hexdigest()


def maildir(path):
    return collections.Counter(digest(file.read_bytes()) for part in ("new", "cur") for file in (path / part).iterdir())


def mbox(path, blank_lines=1):
    if path.stat().st_size == 0:
        return collections.Counter()
    found = collections.Counter()
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        begin = 0
        while begin < len(data):
            end = data.find(ENTRY, begin)
            end = len(data) if end < 0 else end + 2
            first = data.find(b"\n", begin) + 1  # after the From_ line
            found[digest(QUOTED.sub(rb"\n\1", data[first:end - blank_lines]))] += 1
            begin = end
    return found


def files(path):
    """One file per message, as a one-line MDA writes them."""
    return collections.Counter(digest(file.read_bytes()) for file in path.iterdir())


def difference(found, expected):
    """What is wrong, in words; empty if nothing is."""
    lost, extra = (expected - found).total(), (found - expected).total()
    return "" if not lost and not extra else "%d lost, %d changed or doubled" % (lost, extra)
