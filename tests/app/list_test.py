# SPDX-License-Identifier: MIT
"""What list shows: a table as wide as the window, header fields decoded, and numbers that get takes."""
import datetime
import subprocess
import threading
import unittest

from app.terminal_test import at_a_terminal
from support.py import mail
from support.py.maildrop import Session
from support.py.world import LIMIT, MAILHAUL, Case

YEAR = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=1))).year  # in the time zone of Listing
KITCHEN = "Grüße aus der Küche"


def message(sender, subject, date="Mon, 02 Mar %d 04:00:00 +0000" % YEAR, body=b"text\r\n"):
    fields = (b"Date: " + date.encode(), b"From: " + sender, b"Subject: " + subject)
    return b"\r\n".join(fields) + b"\r\n\r\n" + body


class Listing(Case):
    def prepared(self, *messages, **keys):
        self.world.env["TZ"] = "UTC-1"  # an hour east of Greenwich
        return super().prepared(*messages, **keys)

    def lines(self, *words):
        result = self.world.run("list", *words)
        self.assertStatus(result, 0)
        self.assertEqual(result.err, "")
        return result.out.decode().splitlines()

    def screen(self, columns, *words):
        status, screen = at_a_terminal(self.world, "list", "--progress", "never", *words, size=(24, columns))
        self.assertEqual(status, 0, screen)
        return screen.decode().replace("\r\n", "\n").splitlines()


class Table(Listing):
    def test_a_heading_rows_and_a_total(self):
        self.prepared(message(b"Anna <anna@example.org>", b"first"), mail.sized(50000), max_size="10k")
        heading, first, second, total = self.lines()
        self.assertEqual(heading.split(), ["NO", "DATE", "SIZE", "UID", "FROM", "SUBJECT", "WHAT"])
        self.assertRegex(first, r"^ *#1   2 Mar 05:00  +\d+ B  uid-000001  Anna  +first  +fetch: new$")
        self.assertRegex(second, r"^ *#2 .*  uid-000002  .*skip: larger than max_size$")
        self.assertRegex(total, r"^2 messages, \d.* kB: 1 to fetch, 1 skipped$")
        for name in ("FROM", "SUBJECT"):
            self.assertEqual(first[heading.index(name) - 1], " ")
        self.assertEqual(heading.index("SUBJECT"), first.index("first"))

    def test_dates_are_local(self):
        self.prepared(message(b"a@b", b"x", "20 Mar 26 08:00 GMT"), message(b"a@b", b"x", "bogus\x1b[1m never"),
                      message(b"a@b", b"x", "Fri, 20 Mar %d 23:30:00 -0500 (EST)" % YEAR),
                      message(b"a@b", b"x", "Fri, 20 Mar 2015 23:30:00 EST"))
        rows = self.lines()[1:5]
        self.assertSays(rows[0], "20 Mar 09:00" if YEAR == 2026 else "20 Mar  2026")
        self.assertSays(rows[1], r"bogus\x1b...")
        self.assertSays(rows[2], "21 Mar 05:30")
        self.assertSays(rows[3], "21 Mar  2015")

    def test_it_is_as_wide_as_the_window(self):
        self.prepared(message("小さな台所からのお知らせ <kitchen@example.org>".encode(), "台所".encode() * 60),
                      message(b"archive@example.net", b"Scans of the old map " * 9))
        for columns in (60, 80, 150):
            heading, first, second, _ = self.screen(columns)
            wide = sum(1 for c in first if ord(c) >= 0x2e80)
            self.assertIn(columns - len(second), range(3), second)
            self.assertEqual(len(first) + wide, len(second), (first, second))
            self.assertSays(second, "...")
            self.assertNotIn("uid-", second)
            self.assertEqual(heading.index("WHAT"), second.index("fetch"))
        self.assertIn("uid-000002", self.screen(80, "--uids")[2])

    def test_a_narrow_window_has_fewer_columns(self):
        self.prepared(message(b"Anna Lindberg <anna@example.org>", b"Scans of the old map " * 9), *mail.small(1))
        for columns, names in ((80, "NO DATE SIZE FROM SUBJECT WHAT"), (44, "NO DATE FROM SUBJECT WHAT"),
                               (40, "NO FROM SUBJECT WHAT"), (20, "NO S... WHAT"), (12, "NO WHAT")):
            with self.subTest(columns):
                heading, first, *rest = self.screen(columns)
                self.assertEqual(heading.replace("SUBJECT", "S...").split(), names.replace("SUBJECT", "S...").split())
                self.assertLessEqual(max(map(len, (heading, first, *rest))), columns)
                self.assertRegex(first, r"^#1  .*fetch$")
                self.assertEqual(rest[1][:9] if columns > 12 else "", "2 message" if columns > 12 else "")

    def test_only_new_ones_or_the_last(self):
        drop = self.prepared(*mail.small(3), leave_on_server=True)
        self.assertStatus(self.world.run(), 0)
        drop.add(*mail.small(2, seed=9))
        self.assertEqual([row.split()[0] for row in self.lines("--new")[1:-1]], ["#4", "#5"])
        self.assertEqual([row.split()[0] for row in self.lines("--last", "1")[1:-1]], ["#5"])
        self.assertEqual([row.split()[0] for row in self.lines("--last", "9")[1:-1]], ["#%d" % n for n in range(1, 6)])
        self.assertEqual(self.lines("--last", "3")[-1].split(":")[1], " 2 to fetch, 1 left")
        self.assertStatus(self.world.run("list", "--last", "0"), 64)
        self.assertEqual(self.screen(80, "--new", "--last", "1")[1].split()[0], "#5")

    def test_a_number_stands_for_its_message(self):
        messages = mail.small(3)
        drop = self.prepared(*messages)
        self.assertEqual(self.world.run("get", "home", "#2").out, mail.local(messages[1]))
        result = self.world.run("get", "home", "#4")
        self.assertStatus(result, 64)
        self.assertSays(result.err, "#4")
        drop.messages[2].uid = b"#1"  # a UID goes before a number
        self.assertEqual(self.world.run("get", "home", "#1").out, mail.local(messages[2]))

    def asked(self, drop, before=lambda number: None):
        """Notes the headers that are asked for; `before` is called with the number of each."""
        numbers = []

        class Noting(Session):
            def one(self, verb, argument):
                if verb == b"TOP":
                    numbers.append(int(argument.split()[0]))
                    before(numbers[-1])
                return super().one(verb, argument)
        drop.session = Noting
        return numbers

    def test_headers_that_are_not_shown_are_not_asked_for(self):
        numbers = self.asked(self.prepared(*mail.small(9)))
        self.lines("--last", "2")
        self.assertEqual(numbers, [8, 9])

    def test_a_row_is_printed_before_the_next_header_has_come(self):
        drop, seen = self.prepared(*mail.small(3)), threading.Event()
        drop.capabilities.remove(b"PIPELINING")
        self.asked(drop, lambda number: number < 3 or seen.wait(LIMIT))
        with subprocess.Popen([MAILHAUL, "list"], env=self.world.env, cwd=self.world.root,
                              stdout=subprocess.PIPE) as process:
            rows = [process.stdout.readline() for _ in range(3)]
            self.assertFalse(seen.is_set())
            seen.set()
            rest = process.stdout.read()
        self.assertEqual([b"#1" in rows[1], b"#2" in rows[2], b"#3" in rest], [True] * 3)
        self.assertEqual(process.returncode, 0)

    def test_a_reader_that_goes_away_is_no_error(self):
        self.prepared(*mail.small(1500), mail.sized(3000000), leave_on_server=True)  # more than a pipe holds
        self.assertStatus(self.world.run(), 0)
        for words in (("list",), ("-n", "-a"), ("state", "show"), ("get", "home", "uid-001501"), ("list", "--json")):
            with self.subTest(words), subprocess.Popen(
                    [MAILHAUL, *words], env=self.world.env, cwd=self.world.root, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE) as process:
                self.assertNotEqual(process.stdout.readline(), b"")
                process.stdout.close()
                self.assertEqual(process.stderr.read(), b"")
            self.assertEqual(process.returncode, 0, words)


class Decoded(Listing):
    FIELDS = (
        (b"=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_der_K=C3=BCche?=", KITCHEN),
        (KITCHEN.encode(), KITCHEN),
        (b"Re: =?ISO-8859-1?q?Gr=FC=DFe?= =?iso-8859-1?Q?_aus?= der =?utf-8*de?B?S8O8Y2hl?=", "Re: " + KITCHEN),
        (b"=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),  # a character begins in one word, ends in the next
        (b"=?iso-2022-jp?B?GyRCQmY9ahsoQg==?=", "台所"),
        (b"=?koi8-r?B?8NLJ18XU?=\r\n =?utf-8?Q?!?=", "Привет!"),
        (b"=?ks_c_5601-1987?B?vsiz5w==?=", "안녕"),  # iconv knows none of these labels
        (b"=?ISO-8859-8-I?Q?=F9=EC=E5=ED?= =?iso-8859-8-e?Q?_=F9?=", "שלום ש"),
        (b"=?x-sjis?B?k/qWew==?=", "日本"),
        (b"=?x-none?Q?stays?= =?utf-8?Q?too=", "=?x-none?Q?stays?= =?utf-8?Q?too="),
        (b"=?../../lib?Q?x?= =?utf-8?Q?=FF?= =?utf-8?X?x?=", "=?../../lib?Q?x?= =?utf-8?Q?=FF?= =?utf-8?X?x?="),
        (b"Gr\xfc\xdfe", r"Gr\xfc\xdfe"),
        ("a\u202eb\u0085".encode() + b"\x1b]0;owned\x07", r"a\xe2\x80\xaeb\xc2\x85\x1b]0;owned\x07"),
        (b"=?utf-8?Q?=1B[31m=00?=", r"\x1b[31m\x00"),
    )

    def test_subjects(self):
        self.prepared(*(message(b"a@b", field) for field, _ in self.FIELDS))
        rows = self.lines()[1:-1]
        objects = [line for line in self.json_lines(self.world.run("list", "--json"))]
        self.assertEqual(len(rows), len(self.FIELDS))
        for row, line, (field, shown) in zip(rows, objects, self.FIELDS):
            with self.subTest(field):
                self.assertRegex(row, r"  a@b +\S")
                self.assertEqual(row.split("a@b", 1)[1].rsplit("fetch: new", 1)[0].strip(), shown)
                self.assertEqual(line["subject"], shown)
        self.assertEqual(objects[0]["subject_raw"], self.FIELDS[0][0].decode())
        self.assertEqual((objects[0]["time"], objects[0]["date"]),
                         ("%d-03-02T04:00:00Z" % YEAR, "Mon, 02 Mar %d 04:00:00 +0000" % YEAR))

    def test_senders(self):
        senders = {b'"Lind, Anna" <anna@example.org>': "Lind, Anna", b"<anna@example.org>": "anna@example.org",
                   b"=?utf-8?Q?Zo=C3=AB?= <zoe@example.org>": "Zoë", b"anna@example.org": "anna@example.org",
                   b"": "", b"<": "", b'"': ""}
        self.prepared(*(message(sender, b"subject") for sender in senders))
        heading, *rows, _ = self.lines()
        for row, shown in zip(rows, senders.values()):
            self.assertEqual(row[heading.index("FROM"):heading.index("SUBJECT")].strip(), shown)
        line, = (line for line in self.json_lines(self.world.run("list", "--json")) if line["number"] == 3)
        self.assertEqual((line["from"], line["from_raw"]),
                         ("Zoë <zoe@example.org>", "=?utf-8?Q?Zo=C3=AB?= <zoe@example.org>"))


if __name__ == "__main__":
    unittest.main()
