# SPDX-License-Identifier: MIT
"""import reads a file as the peer itself does: host, port, user, TLS and place of delivery of each account are those of
the peer's own dump. No server is contacted."""
import collections
import re
import shlex
import shutil
import unittest
import urllib.parse

from app.import_test import Import

# tls: "implicit", "stls" or "none". place: "maildir:PATH", "mbox:PATH", or the program's words.
Account = collections.namedtuple("Account", "host port user tls place keeps limit")
PORTS = {"pop3": 110, "pop3s": 995}


class Dumps(Import):
    maxDiff = None

    def imported(self, program):
        """The accounts of the profile, in the form of the dumps."""
        self.ok("import", program)
        found = []
        for account in self.profile().values():
            url = urllib.parse.urlsplit(account["server"])
            place = account["deliver"]
            if isinstance(place, dict):
                place = " ".join(place["command"][2:3] if place["command"][:2] == ["/bin/sh", "-c"] else place["command"])
            found.append(Account(url.hostname, url.port or PORTS[url.scheme], account["user"],
                                 "implicit" if url.scheme == "pop3s" else "none" if account.get("tls") == "none" else "stls",
                                 place, account["leave_on_server"], account.get("max_size", 0)))
        return found

    def assertAgrees(self, program, dumped):
        if len(dumped) < 2:
            self.fail("the dump has too few accounts: %r" % (dumped,))
        self.assertEqual(self.imported(program), dumped)

    def installed(self, name):
        if shutil.which(name) is None:
            self.skipTest(name + " is not installed")

    def mpop_says(self, rc, names):
        said = []
        for name in names:
            said_of = dict(re.findall(r"(?m)^(\S[^=\n]*?)\s*= (.*)$", self.peer("mpop", "--pretend", "-C", rc, name)))
            kind, _, place = said_of["delivery"].partition(" ")
            tls = "none" if said_of["tls"] == "off" else "stls" if said_of["tls_starttls"] == "on" else "implicit"
            said.append(Account(said_of["host"], int(said_of["port"]), said_of["user"], tls,
                                " ".join(shlex.split(place)) if kind == "mda" else "%s:%s" % (kind, place), said_of["keep"] == "on",
                                0 if said_of["skipsize"] == "off" else int(said_of["skipsize"])))
        return said

    def getmail_says(self, names):
        dump = self.peer("getmail", "--dump", *(word for name in names for word in ("-r", name)))
        said = []
        for part in dump.split("getmail configuration:")[1:]:
            kind, keys = re.search(r"retriever: +(\w+)\((.*)\)", part).groups()
            keys = dict(re.findall(r'(\w+)="([^"]*)"', keys))
            into, place = re.search(r"destination: +(\w+)\((.*)\)", part).groups()
            path = re.search(r'\bpath="([^"]*)"', place)[1].rstrip("/")
            words = " ".join([path, *re.findall(r"'([^']*)'", re.search(r'arguments="\((.*?)\)"', place)[1])]) \
                if into == "MDA_external" else {"Maildir": "maildir:", "Mboxrd": "mbox:"}[into] + path
            said.append(Account(keys["server"], int(keys["port"]), keys["username"], "implicit" if "SSL" in kind else "none", words,
                                "delete : False" in part, int(re.search(r"max_message_size : (\d+)", part)[1])))
        return said

    def fdm_says(self, rc):
        dump = self.peer("fdm", "-nvvv", "-f", rc)
        limit = int(re.search(r"maximum-size=(\d+)", dump)[1])
        places = {name: place if kind == "pipe" else "%s:%s" % (kind, place) for name, kind, place in
                  re.findall(r'added action "(\w+)": deliver=0:(\w+) "([^"]*)"', dump)}
        rules = re.findall(r'added rule \d+: matches=(?:account "(\w+)"|all) +actions="(\w+)"', dump)
        keeping = set(re.findall(r'(?m)^account "(\w+)".*\bkeep$', rc.read_text()))  # the dump does not say so
        said = []
        for name, kind, host, port, user in re.findall(
                r'added account "(\w+)".*: fetch=(pop3s?) server "([^"]*)" port (\w+) user "([^"]*)"', dump):
            action = next(action for account, action in rules if account in (name, ""))
            said.append(Account(host, PORTS.get(port) or int(port), user, "implicit" if kind == "pop3s" else "none", places[action],
                                name in keeping, limit))
        return said

    def test_fetchmail(self):
        self.installed("fetchmail")
        rc = self.write(".fetchmailrc", """# as in fetchmail's manual
set no syslog
defaults proto pop3 uidl timeout 60
poll a.example.org port 1110 user "anna" password "p w" keep sslproto '' mda "/usr/bin/procmail -d anna"
poll b.example.org with proto pop3
    user anna@b.example there is root here, password "q\\"1" ssl nokeep mda "/bin/cat" fetchall
    user 'berta' there with pass 'x y' is root here options ssl sslcertck keep limit 30000 mda "/bin/cat >>~/b"
poll box via c.example.org service 1995 user 'x' pass 'y' ssl sslcertck mda "/bin/true"
skip later.example.org user z pass z ssl mda "/bin/true"
""")
        said = []
        for server in self.fetchmail_servers(rc):
            for user in server["users"]:
                port = int(server["service"] or PORTS["pop3s" if user["ssl"] else "pop3"])
                tls = "implicit" if user["ssl"] else "none" if user["sslproto"] == "" else "stls"
                said.append(Account(server["via"] or server["pollname"], port, user["remote"], tls, user["mda"],
                                    bool(user["keep"]), user["limit"]))
        self.assertAgrees("fetchmail", said)
        accounts = list(self.profile().values())
        with open(accounts[1]["password_file"]) as file:
            self.assertEqual(file.read(), '"q"1"\n', "as fetchmail reads it, though nobody would think so")
        enabled = [account.get("enabled", True) for account in accounts]
        self.assertEqual(enabled, [True, True, True, True, False], "what fetchmail skips is not enabled")

    def test_mpop(self):
        self.installed("mpop")
        rc = self.write(".mpoprc", """# as in mpop's manual
defaults
tls on
keep on
account a
host a.example.org
user anna
passwordeval "echo p w"
delivery maildir ~/Mail
account b : a
host b.example.org
port 1110
keep off
delivery mbox ~/box
skipsize 1m
account c
host c.example.org
user "c c"
passwordeval echo c
tls_starttls off
delivery mda "/usr/bin/procmail -f 'x y'"
account d
host d.example.org
user d
password d
tls off
delivery maildir ~/D
account default : d
""")
        self.assertAgrees("mpop", self.mpop_says(rc, "abcd"))

    def test_getmail(self):
        self.installed("getmail")
        self.maildir()
        (self.world.home / "box").touch(0o600)
        self.own(self.world.home / "box")
        form = "[retriever]\ntype = Simple%s\nserver = %s\nusername = %s\npassword = x%%x\n%s\n[destination]\n%s\n[options]\n%s\n"
        rows = (("POP3SSLRetriever", "a.example.org", "anna", "", "type = Maildir\npath = ~/Mail/", "delete = true\nmax_message_size = 1000000"),
                ("POP3Retriever", "b.example.org", "anna@b.example", "port = 1110", "type = Mboxrd\npath = ~/box", "read_all = false"),
                ("POP3SSLRetriever", "c.example.org", "c c", "port = 1995",
                 "type = MDA_external\npath = /bin/cat\narguments = (\"-u\", \"-\")", "delete = false"))
        names = ["rc-%d" % number for number in range(len(rows))]
        for name, row in zip(names, rows):
            self.write(".config/getmail/" + name, form % row)
        self.assertAgrees("getmail", self.getmail_says(names))

    def test_fdm(self):
        self.installed("fdm")
        rc = self.write(".fdm.conf", """# as in fdm's manual
$home = "%s"
set lock-file "${home}/lock"
set maximum-size 20M
account "a" pop3 server "a.example.org" port 1110 user "anna" pass "x" keep
account "b" pop3s server "b.example.org" user "anna@b.example" pass "y"
account "c" disabled pop3s server "c.example.org" port 1995 user "c" pass "y y"
action "inbox" maildir "${home}/Mail"
action "box" mbox "${home}/box"
action "program" pipe "/usr/bin/procmail -f -"
match account "b" action "box"
match account "c" action "program"
match all action "inbox"
""" % self.world.home)
        self.assertAgrees("fdm", self.fdm_says(rc))


if __name__ == "__main__":
    unittest.main()
