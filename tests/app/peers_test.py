# SPDX-License-Identifier: MIT
"""Moving in from the real peers: each fetches half of a mailbox, and mailhaul then fetches exactly the rest."""
import shutil
import unittest

from app import import_test
from support.py import mail
from support.py.certificates import of_module as certificates_of_module
from support.py.dovecot import PASSWORD, program
from support.py.dovecot import of_module as dovecot_of_module


def setUpModule():
    global dovecot
    if not program():
        raise unittest.SkipTest("there is no Dovecot")
    dovecot = dovecot_of_module(certificates_of_module())


class Peers(import_test.Import):
    """Each test has a configuration of the peer, its command, and a name for its mailbox."""

    def moves_in(self, name, user, command, fine=(0,)):
        if shutil.which(name) is None:
            self.skipTest(name + " is not installed")
        first, second, more = mail.small(6, seed=71), mail.small(6, seed=72), mail.small(3, seed=73)
        dovecot.add_user(user, first)
        self.maildir()
        self.peer(*command, fine=fine)
        self.assertEqual(len(self.world.maildir()), 6, "%s has fetched one half" % name)
        dovecot.deliver(user, second)
        result = self.ok("import", name)
        self.assertSays(result.out.decode(), "1 account added", "6 fetched messages", "mailhaul -n")
        self.assertNotIn(PASSWORD, result.out.decode() + result.err)
        dovecot.deliver(user, more)
        self.ok()
        wanted = sorted(mail.header_field(mail.local(wire), b"Message-ID") for wire in first + second + more)
        self.assertEqual(self.subjects(), wanted)
        self.assertEqual(self.ok().out, b"", "nothing is new")
        self.assertEqual(dovecot.count(user), 15)
        self.ok("-K")
        self.assertEqual(dovecot.count(user), 0, "what was imported as delivered is removed as the rest is")
        self.assertEqual(self.subjects(), wanted)
        return next(iter(self.profile().values()))

    def test_fetchmail(self):
        rc = self.write(".fetchmailrc", """set no syslog
poll box via 127.0.0.1 proto pop3 port %d uidl auth password timeout 60
    user fetchmail-user there with password '%s' is nobody here
    sslproto '' keep norewrite limit 1000000
    mda "cat >%s/new/$$"
""" % (dovecot.plain, PASSWORD, self.world.home / "Mail"))
        account = self.moves_in("fetchmail", "fetchmail-user", ["fetchmail", "--silent", "--pidfile", self.world.home / "pid"])
        self.assertEqual((account["tls"], account["leave_on_server"], account["max_size"], account["timeout"]),
                         ("none", True, 1000000, "1m"))
        self.assertEqual(account["deliver"]["command"], ["/bin/sh", "-c", "cat >%s/new/$$" % (self.world.home / "Mail")])
        server = self.fetchmail_servers(rc)[0]
        user = server["users"][0]
        self.assertEqual((server["pollname"], "pop3://%s:%s" % (server["via"], server["service"]), user["remote"], user["keep"],
                          user["limit"], user["mda"]),
                         ("box", account["server"], account["user"], account["leave_on_server"], account["max_size"],
                          account["deliver"]["command"][2]))
        with open(account["password_file"]) as file:
            self.assertEqual(file.read(), user["password"] + "\n")

    def test_getmail(self):
        self.write(".config/getmail/getmailrc", """[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = %d
username = getmail-user
password_command = ("/bin/echo", "%s")

[destination]
type = Maildir
path = ~/Mail/

[options]
read_all = false
delete_after = 30
received = false
delivered_to = false
""" % (dovecot.plain, PASSWORD))
        account = self.moves_in("getmail", "getmail-user", ["getmail", "--quiet"])
        self.assertEqual((account["password_command"], account["leave_on_server"], account["delete_after"], account["deliver"]),
                         (["/bin/echo", PASSWORD], True, "30d", "maildir:%s" % (self.world.home / "Mail")))
        dump = self.peer("getmail", "--dump")
        for words in ('server="127.0.0.1"', 'port="%d"' % dovecot.plain, 'username="getmail-user"', "delete_after : 30", "read_all : False"):
            self.assertIn(words, dump.replace("'", '"'))

    def test_mpop(self):
        rc = self.write(".mpoprc", """defaults
host 127.0.0.1
port %d
tls off
auth user
keep on
received_header off

account box
user mpop-user
passwordeval echo %s
delivery maildir ~/Mail
skipsize 20m
""" % (dovecot.plain, PASSWORD))
        account = self.moves_in("mpop", "mpop-user", ["mpop", "-a", "-q"])
        self.assertEqual((account["password_command"], account["leave_on_server"], account["trace_header"], account["max_size"]),
                         (["echo", PASSWORD], True, False, 20 << 20))
        pretended = self.peer("mpop", "--pretend", "-C", rc, "box")
        for words in ("host = 127.0.0.1", "port = %d" % dovecot.plain, "user = mpop-user", "keep = on", "skipsize = %d" % account["max_size"],
                      "delivery = maildir %s" % account["deliver"].removeprefix("maildir:")):
            self.assertIn(words, " ".join(pretended.split("\t")))

    def test_fdm(self):
        self.write(".fdm.conf", """$home = "%s"
set no-received
set lock-file "${home}/lock"
account "box" pop3 server "127.0.0.1" port %d user "fdm-user" pass "%s"
    new-only cache "${home}/cache" keep
action "inbox" maildir "${home}/Mail"
match all action "inbox"
""" % (self.world.home, dovecot.plain, PASSWORD))
        account = self.moves_in("fdm", "fdm-user", ["fdm", "-q", "-f", self.world.home / ".fdm.conf", "fetch"])
        self.assertEqual((account["tls"], account["leave_on_server"], account["deliver"]),
                         ("none", True, "maildir:%s" % (self.world.home / "Mail")))


class Kept(import_test.Import):
    """The peers' configurations remove mail, but their command lines keep it: what they left is not fetched twice."""

    def comes_once(self, name, rc, config, command):
        if shutil.which(name) is None:
            self.skipTest(name + " is not installed")
        user = name + "-kept"
        first, second = mail.small(3, seed=74), mail.small(2, seed=75)
        dovecot.add_user(user, first)
        self.maildir()
        self.write(rc, config.replace("PORT", str(dovecot.plain)).replace("USER", user).replace("PASSWORD", PASSWORD)
                   .replace("HOME", str(self.world.home)))
        self.peer(*command)
        self.assertEqual((len(self.world.maildir()), dovecot.count(user)), (3, 3), "it keeps what it fetches")
        dovecot.deliver(user, second)
        self.assertSays(self.ok("import", name).err, "the list of %s has 3 messages" % name)
        for _ in range(2):
            self.ok()
        wanted = sorted(mail.header_field(mail.local(wire), b"Message-ID") for wire in first + second)
        self.assertEqual(self.subjects(), wanted)
        self.assertEqual(dovecot.count(user), 0)

    def test_fetchmail(self):
        """If the server has no LAST, fetchmail also keeps a list without "uidl"."""
        for uidl in ("uidl", ""):
            with self.subTest(uidl):
                self.comes_once("fetchmail", ".fetchmailrc", """set no syslog
poll 127.0.0.1 proto pop3 port PORT %s auth password
    user USER there with password 'PASSWORD' is nobody here sslproto '' norewrite mda "cat >HOME/Mail/new/$$"
""" % uidl, ["fetchmail", "-k", "--silent", "--pidfile", self.world.home / "pid"])
                self.begin_anew()

    def test_getmail(self):
        self.comes_once("getmail", ".config/getmail/getmailrc", """[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = PORT
username = USER
password = PASSWORD
[destination]
type = Maildir
path = ~/Mail/
[options]
read_all = false
delete = true
received = false
delivered_to = false
""", ["getmail", "-l", "--quiet"])

    def test_mpop(self):
        self.comes_once("mpop", ".mpoprc", """account box
host 127.0.0.1
port PORT
tls off
auth user
user USER
password PASSWORD
delivery maildir ~/Mail
received_header off
""", ["mpop", "-a", "-q", "--keep=on"])

    def test_fdm(self):
        self.comes_once("fdm", ".fdm.conf", """set no-received
set lock-file "HOME/lock"
account "box" pop3 server "127.0.0.1" port PORT user "USER" pass "PASSWORD" new-only cache "HOME/cache"
action "inbox" maildir "HOME/Mail"
match all action "inbox"
""", ["fdm", "-k", "-q", "-f", self.world.home / ".fdm.conf", "fetch"])


if __name__ == "__main__":
    unittest.main()
