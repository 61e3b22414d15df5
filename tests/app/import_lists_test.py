# SPDX-License-Identifier: MIT
"""Moving in from a program that removes mail, but has left some on the server: its list counts as well. Also several
configurations of getmail side by side, files that are found without being named, and text that is not UTF-8."""
import unittest

from app import import_test
from support.py import mail

GETMAIL = """[retriever]
type = SimplePOP3Retriever
server = %s
port = %d
username = %s
password = secret
[destination]
type = Maildir
path = ~/Mail/
[options]
received = false
delivered_to = false
%s
"""


class Removing(import_test.Import):
    """Two of three messages are in the list, because the program was told on its command line to keep them."""

    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(3, seed=77))
        self.port = self.server.port
        self.known = [message.uid for message in self.drop.messages[:2]]

    def fetchmail(self, more=""):
        self.write(".fetchmailrc", "poll 127.0.0.1 proto pop3 port %d uidl user anna pass secret sslproto '' %s mda 'cat >%s'\n"
                   % (self.port, more, self.world.home / "fetched"))
        self.write(".fetchids", b"".join(b"anna@127.0.0.1 %s\n" % uid for uid in self.known))

    def getmail(self, *more):
        self.write(".config/getmail/getmailrc", GETMAIL % ("127.0.0.1", self.port, "anna", "\n".join(("delete = true", *more))))
        self.write(".config/getmail/oldmail-127.0.0.1-%d-anna" % self.port,
                   b"".join(b"%s\x001700000000\n" % uid for uid in self.known))

    def mpop(self, *more):
        self.write(".mpoprc", "\n".join(("account box", "host 127.0.0.1", "port %d" % self.port, "user anna", "password secret",
                                         "delivery maildir ~/Mail", "keep off", *more)) + "\n")
        self.write(".mpop_uidls/anna_at_127.0.0.1", b" 2 127.0.0.1 anna\n" + b"".join(uid + b"\n" for uid in self.known))

    def fdm(self, more="new-only"):
        self.write(".fdm.conf", 'account "box" pop3 server "127.0.0.1" port %d user "anna" pass "secret" %s cache "~/cache"\n'
                   'action "in" maildir "~/Mail"\nmatch all action "in"\n' % (self.port, more))
        self.write("cache", b"".join(b"%d %s\n" % (len(uid), uid) for uid in self.known))

    def imported(self, program, note):
        result = self.ok("import", program)
        told = "and its configuration does not keep mail" in result.err
        self.assertEqual(told, note, result.err)
        if note:
            self.assertSays(result.err, "the list of %s has 2 messages" % program, "without fetching them again",
                            '"leave_on_server": true')
        self.assertNotIn("there is no list", result.err)
        return len(self.json_lines(self.ok("--json", "state", "show")))

    def only_the_rest_is_fetched(self, program):
        self.assertEqual(self.imported(program, note=True), 2)
        self.ok()
        self.assertEqual(len(self.drop.retrieved), 1, "what is in the list was fetched again")
        self.ok()
        self.assertEqual((self.drop.messages, len(self.drop.retrieved)), ([], 1))

    def test_fetchmail(self):
        self.fetchmail()
        self.only_the_rest_is_fetched("fetchmail")

    def test_getmail(self):
        self.getmail("read_all = false")
        self.only_the_rest_is_fetched("getmail")

    def test_mpop(self):
        self.mpop()
        self.only_the_rest_is_fetched("mpop")

    def test_fdm(self):
        self.fdm()
        self.only_the_rest_is_fetched("fdm")

    def test_a_program_that_fetches_all_does_not_go_by_its_list(self):
        for program, fetching_all in (("fetchmail", "fetchall"), ("getmail", "read_all = true"), ("mpop", "only_new off")):
            with self.subTest(program):
                getattr(self, program)(fetching_all)
                self.assertEqual(self.imported(program, note=False), 0)
                self.begin_anew()

    def test_no_list_is_no_news_where_mail_is_removed(self):
        self.known = []
        for program, more in (("fetchmail", ()), ("getmail", ("read_all = false",)), ("mpop", ()), ("fdm", ())):
            with self.subTest(program):
                getattr(self, program)(*more)
                for pattern in (".fetchids", ".config/getmail/oldmail-*", ".mpop_uidls/*", "cache"):
                    for file in self.world.home.glob(pattern):
                        file.unlink()
                self.assertEqual(self.imported(program, note=False), 0)
                self.begin_anew()

    def test_no_list_where_mail_stays_is_told_with_what_comes_first(self):
        self.write(".mpoprc", "account box\nhost 127.0.0.1\nuser anna\npassword secret\ndelivery maildir ~/Mail\nkeep on\n")
        self.assertSays(self.ok("import", "mpop").err, "there is no list of what mpop has fetched for box",
                        "would fetch everything that is on the server again", "stop the timer of mpop, run mpop once more, then remove the account box "
                        "from mailhaul's configuration file and import again",
                        "mailhaul state mark-seen box --all directly after that run")

    def test_a_list_that_is_there_and_has_nothing_of_the_account_is_told_as_such(self):
        self.write(".mpoprc", "account box\nhost 127.0.0.1\nuser anna\npassword secret\ndelivery maildir ~/Mail\nkeep on\n")
        path = ".mpop_uidls/anna_at_127.0.0.1"
        for text in ("", " 1 127.0.0.1 berta\nuid\n"):
            with self.subTest(text):
                self.write(path, text)
                err = self.ok("import", "mpop", "--print").err
                self.assertSays(err, "the list of what mpop has fetched (%s) contains nothing for box" % (self.world.home / path),
                                "would fetch everything that is on the server again")
        (self.world.home / path).unlink()
        (self.world.home / path).mkdir()
        self.assertSays(self.ok("import", "mpop", "--print").err, "anna_at_127.0.0.1 is not a file, and no list of what mpop has fetched")


class Several(import_test.Import):
    """getmailrc, and the files that getmail reads only if they are named."""

    def rc(self, name, user, folder=".config/getmail"):
        self.write("%s/%s" % (folder, name), GETMAIL % ("pop.example.org", 110, user, "delete = true"))

    def accounts(self, *words):
        result = self.ok("import", "getmail", *words)
        return {name: keys.get("enabled", True) for name, keys in self.profile().items()}, result.err

    def test_each_file_with_a_retriever_is_an_account(self):
        for name, user in (("getmailrc", "anna"), ("getmailrc-work", "work"), ("a", "other"), ("old.bak", "old")):
            self.rc(name, user)
        for name in ("oldmail-pop.example.org-110-anna", "notes", "filter.py"):
            self.write(".config/getmail/" + name, "def x: [retriever]\n")
        names, said = self.accounts()
        self.assertEqual(names, {"anna": True, "a": True, "getmailrc-work": True})
        self.assertEqual(list(names)[0], "anna", "getmailrc comes first")
        self.assertNotIn("was not read", said)

    def test_a_copy_for_the_same_mailbox_is_switched_off(self):
        self.rc("getmailrc", "anna")
        self.rc("getmailrc.old", "anna")
        names, said = self.accounts()
        self.assertEqual(names, {"anna": True, "getmailrc.old": False})
        self.assertSays(said, "getmailrc.old is switched off, because account anna has the same mailbox")

    def test_one_that_getmail_would_refuse_is_left_out(self):
        self.rc("getmailrc", "anna")
        broken = self.write(".config/getmail/broken", "[retriever]\ntype = x\ntype = SimplePOP3Retriever\n")
        names, said = self.accounts()
        self.assertEqual(names, {"anna": True})
        self.assertSays(said, "was not read", "broken:3: a key is given twice", "mailhaul import getmail %s" % broken)
        refused = self.world.run("import", "getmail", broken, "--print")
        self.assertStatus(refused, 78)
        self.assertSays(refused.err, "broken:3: a key is given twice")

    def test_getmailrc_itself_must_be_readable(self):
        self.rc("other", "anna")
        self.write(".config/getmail/getmailrc", "type = x\n")
        self.assertStatus(self.world.run("import", "getmail"), 78)


class Usual(import_test.Import):
    FETCHMAIL = "poll pop.example.org proto pop3 user %s pass secret ssl mda true\n"
    GETMAIL = """[retriever]
type = SimplePOP3SSLRetriever
server = pop.example.org
username = %s
password = secret
[destination]
type = Maildir
path = ~/Mail/
"""
    MPOP = "account box\nhost pop.example.org\nuser %s\npassword secret\ndelivery maildir ~/Mail\n"

    def users(self, program, **more):
        result = self.world.run("import", program, **more)
        self.assertStatus(result, 0)
        return sorted(keys["user"] for keys in self.profile().values())

    def test_getmail_in_its_old_directory(self):
        self.write(".getmail/getmailrc", self.GETMAIL % "anna")
        self.write(".getmail/work", self.GETMAIL % "berta")
        self.assertEqual(self.users("getmail"), ["anna", "berta"])

    def test_the_old_directory_of_getmail_does_not_count_beside_the_new_one(self):
        self.write(".getmail/getmailrc", self.GETMAIL % "old")
        self.write(".config/getmail/getmailrc", self.GETMAIL % "new")
        self.assertEqual(self.users("getmail"), ["new"])

    def test_mpop_in_its_directory(self):
        self.write(".config/mpop/config", self.MPOP % "anna")
        self.assertEqual(self.users("mpop"), ["anna"])

    def test_the_first_file_of_mpop_counts(self):
        self.write(".config/mpop/config", self.MPOP % "second")
        self.write(".mpoprc", self.MPOP % "first")
        self.assertEqual(self.users("mpop"), ["first"])

    def test_fetchmail_where_its_variable_says(self):
        self.write(".fetchmailrc", self.FETCHMAIL % "other")
        self.write("fetch/fetchmailrc", self.FETCHMAIL % "anna")
        self.write("fetch/.fetchids", "anna@pop.example.org u1\n")
        self.assertEqual(self.users("fetchmail", env={"FETCHMAILHOME": str(self.world.home / "fetch")}), ["anna"])
        self.assertEqual([row["uid"] for row in self.json_lines(self.ok("--json", "state", "show"))], ["u1"])

    def test_both_directories_of_getmail_are_named_where_there_is_none(self):
        result = self.world.run("import", "getmail")
        self.assertStatus(result, 66)
        self.assertSays(result.err, "/.config/getmail", "/.getmail", "import getmail FILE")


class Other(import_test.Import):
    def test_text_that_is_not_utf_8_is_told_and_never_changed(self):
        text = b"account box\nhost pop.example.org\nuser anna\npassword secret\ndelivery maildir ~/Mail/B\xfcro\n"
        self.write(".mpoprc", text)
        result = self.world.run("import", "mpop")
        self.assertStatus(result, 78)
        self.assertSays(result.err, ".mpoprc:5: the account box was not taken over", "not UTF-8", "import again")
        self.assertFalse(self.world.config.exists())
        self.write(".mpoprc", text + b"account ok\nhost i.example.org\nuser anna\npassword secret\ndelivery maildir ~/Mail\n")
        self.ok("import", "mpop")
        self.assertEqual(list(self.profile()), ["ok"])

    def test_mail_that_an_action_of_fdm_keeps_stays_on_the_server(self):
        drop, server = self.maildrop(*mail.small(3, seed=9))
        self.write(".fdm.conf", 'account "a" pop3 server "127.0.0.1" port %d user "anna" pass "secret" new-only cache "~/cache"\n'
                   'action "in" maildir "~/Mail"\naction "leave" keep\nmatch all actions { "in" "leave" }\n' % server.port)
        self.write("cache", b"".join(b"%d %s\n" % (len(message.uid), message.uid) for message in drop.messages[:2]))
        result = self.ok("import", "fdm")
        self.assertNotIn("does not keep mail", result.err)
        for _ in range(2):
            self.ok()
        self.assertEqual((len(drop.messages), len(self.world.maildir())), (3, 1))


if __name__ == "__main__":
    unittest.main()
