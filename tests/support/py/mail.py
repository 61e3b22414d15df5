# SPDX-License-Identifier: MIT
"""Messages of every awkward shape, the same for the same seed, and what Maildir and mbox must hold for them.

A message is its wire form: what the server has, before dots are stuffed; it ends with CRLF unless it is empty.
"""
import random
import re

WORDS = ("maildrop unique harbour letter anchor meadow river copper lantern orchard quarrel saddle thistle "
         "velvet window yonder zephyr From of .dot >From").split()


def header(number, rng, **more):
    """A plain header; `number` makes messages different."""
    fields = {
        "Return-Path": "<sender%d@example.org>" % number,
        "From": "Sender %d <sender%d@example.org>" % (number, number),
        "To": "anna@example.org",
        "Subject": "message %d about %s" % (number, rng.choice(WORDS)),
        "Date": "Mon, %d Jan 2024 %02d:%02d:%02d +0000" % (1 + number % 28, number % 24, number % 60, number % 59),
        "Message-ID": "<m%d.%d@example.org>" % (number, rng.randrange(10 ** 9)),
        **more,
    }
    return "".join("%s: %s\r\n" % item for item in fields.items()).encode("latin-1")


def prose(rng, lines=8):
    return b"".join(" ".join(rng.choices(WORDS, k=rng.randrange(1, 12))).encode() + b"\r\n" for _ in range(lines))


def _shape(body):
    return lambda n, rng: header(n, rng) + b"\r\n" + body(n, rng)


SHAPES = {
    "plain": _shape(lambda n, rng: prose(rng, rng.randrange(1, 30))),
    "no header": lambda n, rng: b"\r\nno header in message %d\r\n" % n,
    "no blank line": lambda n, rng: b"this is no header of %d\r\nand this neither\r\n" % n,
    "header only": lambda n, rng: header(n, rng),
    "header and blank line": lambda n, rng: header(n, rng) + b"\r\n",
    "empty": lambda n, rng: b"",
    "one line": lambda n, rng: b"%d\r\n" % n,
    "blank lines": lambda n, rng: header(n, rng) + b"\r\n" * rng.randrange(2, 9),
    "dots": _shape(lambda n, rng: b".\r\n..\r\n...\r\n. \r\n.a\r\n..a\r\n %d.\r\n.\r\n" % n),
    "dots in the header": lambda n, rng: b".Subject: %d\r\n..X: y\r\n\r\n.\r\n" % n,
    "From lines": _shape(lambda n, rng: b"From anna Mon Jan  1 00:00:00 2024\r\n\r\nFrom \r\nFrom%d\r\nfrom x\r\n" % n),
    "quoted From lines": _shape(lambda n, rng: b">From a\r\n>>From b\r\n>>>>From \r\n> From d\r\n >From %d\r\n" % n),
    "From line first": lambda n, rng: b"From anna Mon Jan  1 00:00:00 2024\r\n" + header(n, rng) + b"\r\nx\r\n",
    "blank then From": _shape(lambda n, rng: prose(rng, 2) + b"\r\nFrom here on it is %d\r\n\r\n" % n),
    "eight bit": _shape(lambda n, rng: rng.randbytes(400).replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")
                        + b"\r\nGr\xc3\xbc\xc3\x9fe \xe4\xf6\xfc\xff\x80\r\n"),
    "eight bit header": lambda n, rng: header(n, rng, Subject="\xfc\xe4\x80\xff %d" % n) + b"\r\nx\r\n",
    "long line": _shape(lambda n, rng: b"x" * rng.randrange(998, 70000) + b"\r\n"),
    "long header line": lambda n, rng: header(n, rng, **{"X-Long": "y" * rng.randrange(998, 9000)}) + b"\r\nx\r\n",
    "folded": lambda n, rng: header(n, rng, References="\r\n\t".join("<r%d@x>" % i for i in range(40))) + b"\r\nx\r\n",
    "multipart": _shape(lambda n, rng: b"--b%d\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b%d--\r\n" % (n, n)),
    "status lines": lambda n, rng: header(n, rng, Status="RO", **{"X-UIDL": "17"}) + b"\r\nx\r\n",
    "content length": lambda n, rng: header(n, rng, **{"Content-Length": "5"}) + b"\r\n" + prose(rng),
    "big": _shape(lambda n, rng: b"".join(b"%08d " % i + b"z" * 60 + b"\r\n" for i in range(rng.randrange(500, 4000)))),
}
# Messages that Dovecot would change before it serves them: only for our own servers.
RAW_SHAPES = {
    "NULs": _shape(lambda n, rng: b"a\0b\0\0c %d\r\n\0\r\n" % n),
    "NUL header": lambda n, rng: header(n, rng, Subject="a\0b") + b"\r\nx\r\n",
    "lone CR": _shape(lambda n, rng: b"one\rtwo\r\rthree %d\r\r\nfour\r\r\r\n" % n),
    "lone LF": _shape(lambda n, rng: b"one\ntwo\n\nthree %d\n\r\nfour\n\n\r\n" % n),
    "lone LF and dot": _shape(lambda n, rng: b"one\n.\ntwo\n.\r\n..\n. %d\r\n" % n),
    "lone CR and dot": _shape(lambda n, rng: b"one\r.\rtwo\r.\r\r\n.\r %d\r\n" % n),
    "lone LF and From": _shape(lambda n, rng: b"one\nFrom two\n\n>From three %d\n\r\n" % n),
}


def corpus(count, seed=1, raw=False):
    """`count` messages, each shape in turn; with `raw` also shapes that real servers would change."""
    rng = random.Random(seed)
    shapes = list(SHAPES.values()) + (list(RAW_SHAPES.values()) if raw else [])
    return [shapes[n % len(shapes)](seed * 1000000 + n, rng) for n in range(count)]


def small(count, seed=1):
    """Messages of a few kilobytes at most, all different, each with dots and From lines."""
    rng = random.Random(seed)
    return [header(seed * 1000000 + n, rng) + b"\r\n.dot\r\nFrom here\r\n>From there\r\n" + prose(rng) for n in range(count)]


def sized(bytes_, seed=1):
    """One message of about this many bytes."""
    line = b"0123456789" * 7 + b"\r\n"
    return header(seed, random.Random(seed)) + b"\r\n" + line * (bytes_ // len(line) + 1)


def local(wire):
    """The bytes of a Maildir file, and what an MDA reads: CRLF becomes LF, everything else stays."""
    return wire.replace(b"\r\n", b"\n")


def mboxrd(wire):
    """The text of an mbox entry, without its From_ line and the blank line after it."""
    return re.sub(rb"^(>*From )", rb">\1", local(wire), flags=re.M)


def entries(data):
    """The messages in an mbox, unquoted: [(From_ line, bytes)]. Raises ValueError if the data is not a complete mboxrd."""
    if not data:
        return []
    starts = [match.start() for match in re.finditer(rb"^From ", data, flags=re.M)]
    if not starts or starts[0] != 0:
        raise ValueError("the mbox does not begin with a From_ line: %r" % data[:60])
    found = []
    for begin, end in zip(starts, starts[1:] + [len(data)]):
        first, text = data[begin:end].split(b"\n", 1)
        if not text.endswith(b"\n"):
            raise ValueError("no blank line after the entry %r" % first)
        text = text[:-1]
        if text and not text.endswith(b"\n"):
            raise ValueError("the entry %r is cut short: ...%r" % (first, text[-60:]))
        found.append((first, re.sub(rb"^>(>*From )", rb"\1", text, flags=re.M)))
    return found


def header_field(wire, name):
    """The first line of this field's value."""
    match = re.search(rb"^" + name + rb": (.*?)\r?$", wire, flags=re.M)
    return match.group(1) if match else b""
