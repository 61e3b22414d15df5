# SPDX-License-Identifier: MIT
"""UIDL, LIST and STAT with arbitrary content, and servers that change their answers between two sessions."""
from hostile.case import ALL, MESSAGES, NONE, Case, Untouched
from hostile.spoilers import both, lists, nothing, renumbered, replaced, says, sizes, uids, without

KEEP = {"leave_on_server": True}
OTHER = b"Subject: another one\r\n\r\nnot the one you know\r\n"
SAME_SIZE = MESSAGES[1].replace(b"message", b"massage", 1)
TWIN = MESSAGES[0]
PREFIX = b"p" * 300
SIZES = [b"%d" % len(wire) for wire in MESSAGES]

UIDL = [
    Case("no UIDL, by -ERR", says(b"UIDL", b"-ERR what is that\r\n")),
    Case("no UIDL and no TOP", without(b"UIDL", b"TOP")),
    Case("an empty UIDL listing", lists(b"UIDL", [])),
    Case("UIDL without words", lists(b"UIDL", [b"1", b"2 ", b"3  ", b"4\t"])),
    Case("UIDL for some of them", lists(b"UIDL", [b"2 b", b"4 d"])),
    Case("UIDL for more than there are", lists(b"UIDL", [b"%d u%d" % (n, n) for n in range(1, 9)])),
    Case("all UIDLs equal", uids(*[b"same"] * 4)),
    Case("two UIDLs equal", uids(b"a", b"b", b"a", b"c")),
    Case("two UIDLs equal, without TOP", both(without(b"TOP"), uids(b"a", b"b", b"a", b"c"))),
    Case("a number named twice", lists(b"UIDL", [b"1 a", b"1 b", b"2 c", b"3 d", b"4 e"])),
    Case("UIDLs of 71 to 60,000 bytes", uids(b"a" * 71, b"b" * 512, b"c" * 9999, b"d" * 60000)),
    Case("UIDLs of which only the last byte differs", uids(*[PREFIX + b"%d" % n for n in range(4)])),
    Case("UIDLs that differ in case", uids(b"aaaa", b"AAAA", b"aaaA", b"Aaaa")),
    Case("UIDLs with NULs", uids(b"a\0", b"a", b"a\0b", b"\0")),
    Case("UIDLs with spaces and tabs", uids(b"a b", b"a  b", b"a\tb", b"a b c d e")),
    Case("UIDLs with control bytes", uids(b"\x1b[31m", b"\x07\x08", b"\x7f\x80\x9b", b"a\rb")),
    Case("UIDLs that are no UTF-8", uids(b"\xff\xfe", b"\xc3", b"\xc3\xa4", b"\xe4")),
    Case("UIDLs equal to the numbers", uids(b"1", b"2", b"3", b"4")),
    Case("UIDLs equal to other messages' numbers", uids(b"2", b"3", b"4", b"1")),
    Case("UIDLs like paths and options", uids(b"../../etc/passwd", b"-rf", b"/", b".")),
    Case("UIDLs like SQL and formats", uids(b"'; DROP TABLE message; --", b"%s%n%s", b"$(reboot)", b"`reboot`")),
    Case("UIDLs like the names of our own", uids(b"sha256:00", b"#1", b"\\x41", b"A")),
    Case("dot-stuffed UIDL lines", says(b"UIDL", b"+OK\r\n..1 a\r\n2 b\r\n3 c\r\n4 d\r\n.\r\n")),
    Case("UIDL numbers of nonsense",
         lists(b"UIDL", [b"-1 a", b"0 b", b"99999999999999999999 c", b"one d", b"", b" ", b"4 e"])),
    Case("UIDL in reverse", lists(b"UIDL", [b"4 d", b"3 c", b"2 b", b"1 a"])),
    Case("a UIDL listing that ends with LF only", says(b"UIDL", b"+OK\n1 a\n2 b\n3 c\n4 d\n.\n")),
    Untouched("UIDL refused for now", says(b"UIDL", b"-ERR [SYS/TEMP] later\r\n"), status=75, never=(b"RETR", b"DELE")),
]

LIST = [
    Untouched("LIST refused", says(b"LIST", b"-ERR no\r\n"), status=75, never=(b"DELE",)),
    Untouched("an empty LIST where STAT counts four", lists(b"LIST", []), status=76, never=(b"RETR", b"DELE"),
              says=("counts 4 messages", "LIST")),
    Untouched("LIST of words only", lists(b"LIST", [b"hello there"]), status=76, never=(b"RETR", b"DELE"),
              says=("makes no sense", "hello there", "LIST")),
    Untouched("LIST of a web page, one by one", both(without(b"PIPELINING"), lists(b"LIST", [b"<html>", b"</html>"])),
              status=76, never=(b"RETR", b"DELE"), says=("makes no sense", "<html>")),
    Untouched("LIST of empty lines", lists(b"LIST", [b"", b""]), status=76, never=(b"RETR", b"DELE"),
              says=("makes no sense",)),
    Case("LIST of sizes without numbers, known mail", lists(b"LIST", [b"x%d 5" % n for n in range(4)]), status=76,
         known=True, keys=KEEP, stays=ALL, never=(b"RETR", b"DELE"), says=("makes no sense", "x0 5")),
    Case("LIST without sizes", lists(b"LIST", [b"1", b"2", b"3", b"4"])),
    Case("LIST for some of them", lists(b"LIST", [b"1 " + SIZES[0], b"3 " + SIZES[2]]), arrives=(1, 3), stays=(2, 4)),
    Case("LIST with a number twice",
         lists(b"LIST", [b"1 " + SIZES[0], b"1 5", *[b"%d %s" % (n, SIZES[n - 1]) for n in (2, 3, 4)]])),
    Case("LIST for one that is not there", lists(b"LIST", [b"%d 100" % n for n in range(1, 6)]), status=75),
    Case("LIST with numbers of nonsense",
         lists(b"LIST", [b"-1 1", b"0 1", b"4294967296 1", b"x 1", b"", b"1.5 1", b"1 " + SIZES[0]]), arrives=(1,),
         stays=(2, 3, 4)),
    Case("LIST with the largest number", lists(b"LIST", [b"4294967295 1", b"1 " + SIZES[0]]), status=75, arrives=(1,),
         stays=(2, 3, 4)),
    Case("LIST in reverse", lists(b"LIST", [b"%d %s" % (n, SIZES[n - 1]) for n in (4, 3, 2, 1)])),
    Case("LIST with more words", lists(b"LIST", [b"%d %s octets" % (n, SIZES[n - 1]) for n in (1, 2, 3, 4)])),
    Case("LIST with signs and spaces", lists(b"LIST", [b" 1  1", b"\t2\t2", b"+3 3", b"4 +4"]), arrives=(1, 2, 4),
         stays=(3,)),
    Case("sizes of 0", sizes(*[b"0"] * 4)),
    Case("sizes of -1", sizes(*[b"-1"] * 4)),
    Case("sizes of 2^31", sizes(b"2147483647", b"2147483648", b"4294967295", b"4294967296")),
    Case("sizes of 2^63 and 2^64",
         sizes(b"9223372036854775807", b"9223372036854775808", b"18446744073709551615", b"18446744073709551616")),
    Case("sizes of 10^20 and more", sizes(b"1" + b"0" * 20, b"9" * 40, b"9" * 9999, b"9" * 60000)),
    Case("sizes of words", sizes(b"big", b"", b"0x10", b"1e9")),
    Case("sizes too small by one", sizes(*[b"%d" % (len(wire) - 1) for wire in MESSAGES])),
    Case("sizes too small, one by one", both(without(b"PIPELINING"), sizes(*[b"1"] * 4))),
    Case("sizes too large, one by one", both(without(b"PIPELINING"), sizes(*[b"99999"] * 4))),
    Case("one size of four is wrong", sizes(SIZES[0], b"7", SIZES[2], SIZES[3])),
    Case("sizes below max_size that are larger", sizes(*[b"10"] * 4), keys={"max_size": "100k"}),
]

COUNTS = [
    Case("STAT counts none", says(b"STAT", b"+OK 0 0\r\n")),
    Case("STAT counts 2^31", says(b"STAT", b"+OK 2147483648 4294967296\r\n")),
    Case("STAT counts 10^20", says(b"STAT", b"+OK 100000000000000000000 1\r\n")),
    Case("STAT counts -1", says(b"STAT", b"+OK -1 -1\r\n")),
    Case("STAT says nothing", says(b"STAT", b"+OK\r\n")),
    Case("STAT refused", says(b"STAT", b"-ERR no\r\n")),
    Case("RETR announces other octets",
         says(b"RETR", lambda s, a: s.answer(b"RETR", a).replace(b"octets", b"000000 octets"))),
    Case("100,000 messages are listed",
         both(lists(b"LIST", [b"%d 500" % n for n in range(1, 100001)]),
             lists(b"UIDL", [b"%d unique-%020d" % (n, n) for n in range(1, 100001)])),
         keys={"max_messages": 4}),
]

CHANGES = [
    Case("nothing changes", nothing, known=True, keys=KEEP, stays=ALL, never=(b"RETR", b"DELE")),
    Case("other numbers than in the last session", renumbered, known=True, never=(b"RETR",)),
    Case("other numbers, and nothing is to be removed", renumbered, known=True, keys=KEEP, stays=ALL,
         never=(b"RETR", b"DELE")),
    Case("all UIDLs are new", uids(b"n1", b"n2", b"n3", b"n4"), known=True, keys=KEEP, stays=ALL, never=(b"DELE",)),
    Case("the UIDLs have changed places", uids(b"uid-000002", b"uid-000001", b"uid-000004", b"uid-000003"), known=True,
         twice=True),
    Case("UIDLs have blanks at their ends now",
         lists(b"UIDL", [b"1 uid-000001 ", b"2 uid-000002\t", b"3  uid-000003   ", b"4 uid-000004 \t "]), known=True,
         keys=KEEP, stays=ALL, never=(b"RETR", b"TOP", b"DELE")),
    Case("UIDLs are gone", without(b"UIDL"), known=True, keys=KEEP, status=75, says=("UIDL",), stays=ALL, never=(b"DELE",)),
    Case("UIDLs and TOP are gone", without(b"UIDL", b"TOP"), known=True, keys=KEEP, status=75, says=("UIDL",), stays=ALL,
         never=(b"DELE",)),
    Case("all UIDLs are equal now", uids(*[b"same"] * 4), known=True, keys=KEEP, stays=ALL, never=(b"DELE",)),
    Case("another message under a known UIDL", replaced(1, OTHER), known=True),
    Case("another message of the same size under a known UIDL", replaced(1, SAME_SIZE), known=True),
    Case("a known message under another's UIDL", replaced(1, MESSAGES[1], b"uid-000001"), known=True, keys=KEEP,
         stays=ALL),
    Case("a second copy with a UIDL of its own", lambda drop: drop.add(TWIN) and None, known=True),
    Case("other sizes than in the last session", sizes(*[b"5000"] * 4), known=True, keys=KEEP, stays=ALL,
         never=(b"DELE",)),
    Case("TOP shows another header than RETR", says(b"TOP", b"+OK\r\nSubject: a lie\r\n\r\n.\r\n"), known=True),
    Case("TOP is refused for what is to be removed", says(b"TOP", b"-ERR no\r\n"), known=True),
    Case("TOP sends the whole message", says(b"TOP", lambda s, a: s.answer(b"RETR", a.split()[0])), known=True,
         never=(b"RETR",)),
    Case("the messages are gone", lambda drop: drop.messages.clear(), known=True, stays=NONE),
    Case("one is gone, and one is new", lambda drop: drop.messages.pop(0) and drop.add(OTHER) and None, known=True),
]

CASES = UIDL + LIST + COUNTS + CHANGES
