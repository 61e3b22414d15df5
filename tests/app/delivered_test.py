# SPDX-License-Identifier: MIT
"""What -v and JSON show for each delivered message: sender, subject, Message-ID, and the file that it is in."""
import unittest

from support.py.world import Case

MAIL = (b"Received: from x by y\r\nMessage-ID:\r\n <4@example.org>\r\n"
        b"From: =?utf-8?Q?K=C3=BCche?= <kitchen@example.org>\r\n"
        b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_aus?=\r\n =?utf-8?Q?_der_K=C3=BCche?=\r\n\r\nhello\r\n")
HOSTILE = b"From: \x1b]0;owned\x07\r\nSubject: =?utf-8?Q?a=0D=0Ab=1B[2J=E2=80=AE?=\r\n\r\nhello\r\n"


class Delivered(Case):
    def delivered(self, *words):
        result = self.world.run("--json", *words)
        self.assertStatus(result, 0)
        event, = [line for line in self.json_lines(result) if line["event"] == "message" and line["action"] != "remove"]
        return event

    def only_file(self):
        file, = (self.world.home / "Mail/new").iterdir()
        return str(file)

    def test_verbose_names_sender_subject_message_id_and_the_file(self):
        self.prepared(MAIL)
        result = self.world.run("-v")
        self.assertStatus(result, 0)
        self.assertEqual(result.out.decode().splitlines()[0],
                         'home: fetch uid-000001 (%d B) from Küche <kitchen@example.org>, "Grüße aus der Küche", '
                         '<4@example.org> to %s: new' % (len(MAIL), self.only_file()))

    def test_json_has_them_decoded_and_as_they_are_in_the_message(self):
        self.prepared(MAIL)
        event = self.delivered()
        self.assertEqual(
            {name: event[name] for name in ("message_id", "from", "from_raw", "subject", "subject_raw", "path", "deliver")},
            {"message_id": "<4@example.org>", "from": "Küche <kitchen@example.org>",
             "from_raw": "=?utf-8?Q?K=C3=BCche?= <kitchen@example.org>", "subject": "Grüße aus der Küche",
             "subject_raw": "=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus?= =?utf-8?Q?_der_K=C3=BCche?=",
             "path": self.only_file(), "deliver": "maildir:%s" % (self.world.home / "Mail")})
        self.assertNotIn("paths", event)

    def test_several_places_are_all_named(self):
        self.prepared(MAIL, deliver=["maildir:~/Mail", "mbox:~/box", {"kind": "mda", "command": "true", "allow_root": True}])
        event = self.delivered("-a")
        self.assertEqual((event["path"], sorted(event["paths"])),
                         (event["paths"][0], sorted([self.only_file(), str(self.world.home / "box")])))
        self.assertIn("mda:true", event["deliver"])
        self.prepared(MAIL, deliver=["mbox:~/box", {"kind": "mda", "command": "true", "allow_root": True}])
        self.assertSays(self.world.run("-v").out.decode(), "<4@example.org> to %s, mda:true: new" % (self.world.home / "box"))

    def test_a_program_is_named_where_there_is_no_file(self):
        self.prepared(MAIL, deliver={"kind": "mda", "command": "true", "allow_root": True})
        event = self.delivered()
        self.assertEqual((event["deliver"], "path" in event), ("mda:true", False))

    def test_what_a_stranger_wrote_is_escaped(self):
        self.prepared(HOSTILE)
        line = self.world.run("-v").out.splitlines()[0].decode()
        self.assertSays(line, r'from \x1b]0;owned\x07, "a\x0d\x0ab\x1b[2J\xe2\x80\xae" to ')
        self.prepared(HOSTILE)
        event = self.delivered()
        self.assertEqual((event["from"], event["subject"]), (r"\x1b]0;owned\x07", r"a\x0d\x0ab\x1b[2J\xe2\x80\xae"))
        self.assertNotIn("message_id", event)

    def test_a_message_without_header_and_one_that_was_not_delivered_have_none_of_it(self):
        self.prepared(b"\r\nno header\r\n")
        event = self.delivered()
        self.assertFalse({"from", "subject", "message_id"} & set(event))
        self.assertEqual(event["path"], self.only_file())
        self.prepared(MAIL, max_size="10")
        self.assertFalse({"from", "path"} & set(self.delivered()))


if __name__ == "__main__":
    unittest.main()
