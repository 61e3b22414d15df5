# SPDX-License-Identifier: MIT
"""A profile with the key log, and what is in the log."""
import re

from support.py.world import Case

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d "
MAIL = (b"Message-ID: <4@example.org>\r\nFrom: =?utf-8?Q?K=C3=BCche?= <kitchen@example.org>\r\n"
        b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\nhello\r\n")


class Log(Case):
    def setUp(self):
        super().setUp()
        self.log = self.world.path("mail.log")

    def prepared(self, *messages, log="~/mail.log", **keys):
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server, **keys)}, log=log)
        return drop

    def lines(self, file=None):
        """What is in the file, without the times."""
        text = (file or self.log).read_bytes()
        self.world.must_not_tell(text)
        self.assertTrue(text.endswith(b"\n"), text)
        lines = text.decode().splitlines()
        for line in lines:
            self.assertRegex(line, "^" + STAMP)
        return [re.sub("^" + STAMP, "", line) for line in lines]

    def fetch(self, *words, status=0, err=""):
        result = self.world.run(*words)
        self.assertStatus(result, status)
        if err is not None:
            self.assertEqual(result.err, err)
        return result
