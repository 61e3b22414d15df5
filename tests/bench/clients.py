# SPDX-License-Identifier: MIT
"""How each client does a row's work: its configuration, its command, and its records of earlier runs.

A client gets a home of its own for every run. If it can be configured in several ways, the fastest one that keeps
its promises is used.
"""
import getpass
import json
import os
import pwd
import shutil
import time

from bench.servers import PASSWORD

USER = "nobody" if os.geteuid() == 0 else None  # the user that runs the clients; some refuse to run as root
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


class Client:
    """One run: one client does a row's work in `home`. `server` has the mail."""
    program = ""
    fine = (0,)  # exit statuses that mean success
    blank_lines = 1  # after a message in an mbox

    def __init__(self, row, server, home, memory=None):
        self.row, self.server, self.home = row, server, home
        self.memory = memory  # the database that earlier runs of this mailhaul left
        self.env = {"PATH": PATH, "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC"}
        self.env["USER"] = self.env["LOGNAME"] = USER or getpass.getuser()

    @classmethod
    def installed(cls):
        return shutil.which(cls.program, path=PATH) is not None

    def place(self, user):
        """Where this user's mail goes."""
        return self.home / ("mail-" + user)

    def prepare(self):
        self.home.mkdir(parents=True)
        for user in self.server.users:
            place = self.place(user)
            if self.row.place == "mbox":
                place.touch(0o600)
            else:
                for part in ("tmp", "new", "cur"):
                    (place / part).mkdir(parents=True)
        (self.home / "procmailrc").write_text("DEFAULT=%s/\nUMASK=077\n" % self.place("user1"))
        self.configure()
        if USER:
            for path in (self.home, *self.home.rglob("*")):
                shutil.chown(path, USER, pwd.getpwnam(USER).pw_gid)

    def write(self, name, text):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
        return path

    def mda(self):
        """The command of the MDA, for clients that start one."""
        return {"swallow": str(self.home.parent / "mailhaul-bench-swallow"),
                "procmail": "/usr/bin/procmail -p %s" % (self.home / "procmailrc")}[self.row.place]

    def seen(self):
        return [self.server.uid(number) for number in range(1, self.row.seen + 1)]

    def configure(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError


class Mailhaul(Client):
    program = "mailhaul"

    @classmethod
    def installed(cls):
        return True

    def configure(self):
        scheme = "pop3s" if self.row.tls else "pop3"
        account = {"server": "%s://%s:%d" % (scheme, self.server.address, self.server.port), "password": PASSWORD,
                   "leave_on_server": not self.row.remove}
        if not self.row.tls:
            account["tls"] = "none"
        elif not self.row.system:
            account["tls_ca_file"] = str(self.server.ca)
        accounts = {user: {**account, "user": user, "deliver": self.deliver(user)} for user in self.server.users}
        self.write("config.json", json.dumps({"state": str(self.home / "state.db"), "jobs": 20, "host_jobs": 20,
                                              "accounts": accounts}, indent=1))
        if self.memory:
            shutil.copy(self.memory, self.home / "state.db")

    def deliver(self, user):
        if self.row.place in ("swallow", "procmail"):
            return {"kind": "mda", "command": self.mda().split()}
        return "%s:%s" % (self.row.place, self.place(user))

    def command(self, *more):
        return [str(self.home.parent / self.program), "-c", str(self.home / "config.json"), *more]


class Earlier(Mailhaul):
    """Another build of mailhaul, to see what a change costs: the file that MAILHAUL_EARLIER names."""
    program = "mailhaul-earlier"

    @classmethod
    def installed(cls):
        return "MAILHAUL_EARLIER" in os.environ


class Mpop(Client):
    program = "mpop"

    def configure(self):
        lines = ["defaults", "host " + self.server.address, "port %d" % self.server.port, "pipelining auto",
                 "auth user", "password " + PASSWORD, "keep " + ("off" if self.row.remove else "on"),
                 "uidls_file %s/uidls" % self.home]
        if self.row.tls:
            lines += ["tls on", "tls_starttls off",
                      "tls_trust_file %s" % ("system" if self.row.system else self.server.ca)]
        else:
            lines += ["tls off"]
        for user in self.server.users:
            lines += ["", "account " + user, "user " + user, "delivery " + self.delivery(user)]
        self.write("mpoprc", "\n".join(lines) + "\n")
        if self.row.seen:
            self.write("uidls", "\n".join([" %d %s user1" % (self.row.seen, self.server.address),
                                           *sorted(self.seen())]) + "\n")

    def delivery(self, user):
        if self.row.place in ("swallow", "procmail"):
            return "mda " + self.mda()
        return "%s %s" % (self.row.place, self.place(user))

    def command(self):
        return ["mpop", "-C", str(self.home / "mpoprc"), "-a", "-q"]


class Fetchmail(Client):
    """Delivers to programs only. In rows that do not measure a program, a shell writes a file for each message."""
    program = "fetchmail"
    fine = (0, 1)  # 1: no mail

    def configure(self):
        mda = "cat >%s/new/$$" % self.place("user1") if self.row.place == "maildir" else self.mda()
        how = "" if self.row.remove else " uidl"
        keep = "" if self.row.remove else " keep"
        self.write("fetchmailrc", "poll %s proto pop3%s port %d auth password\n  user \"user1\" password \"%s\" "
                   "%s norewrite mda \"%s\"%s\n" % (self.server.address, how, self.server.port, PASSWORD,
                                                    "ssl sslcommonname localhost" if self.row.tls else "sslproto ''", mda, keep))
        if self.row.seen:
            self.write("fetchids", "".join("user1@%s %s\n" % (self.server.address, uid) for uid in self.seen()))

    def command(self):
        return ["fetchmail", "--fetchmailrc", str(self.home / "fetchmailrc"), "--idfile", str(self.home / "fetchids"),
                "--pidfile", str(self.home / "pid"), "--silent", "--nosyslog"]


class Getmail(Client):
    program = "getmail"

    def configure(self):
        for user in self.server.users:
            text = "[retriever]\ntype = SimplePOP3%sRetriever\n" % ("SSL" if self.row.tls else "")
            text += "server = %s\nport = %d\nusername = %s\npassword = %s\n" % (
                self.server.address, self.server.port, user, PASSWORD)
            if self.row.tls:
                text += "ca_certs = %s\n" % self.server.ca
            text += "\n[destination]\n" + self.destination(user)
            text += "\n[options]\nverbose = 0\nreceived = false\ndelivered_to = false\nread_all = false\n"
            text += "delete = %s\n" % ("true" if self.row.remove else "false")
            self.write("getmail/" + user, text)
        if self.row.seen:
            now = int(time.time())
            self.write("getmail/oldmail-%s-%d-user1" % (self.server.address, self.server.port),
                       "".join("%s\0%d\n" % (uid, now) for uid in self.seen()))

    def destination(self, user):
        if self.row.place == "mbox":
            return "type = Mboxrd\npath = %s\n" % self.place(user)
        if self.row.place == "maildir":
            return "type = Maildir\npath = %s/\n" % self.place(user)
        program, *arguments = self.mda().split()
        return "type = MDA_external\npath = %s\narguments = (%s)\nignore_stderr = true\n" % (
            program, "".join("%r, " % word for word in arguments))

    def command(self):
        rc_files = [word for user in self.server.users for word in ("-r", user)]
        return ["getmail", "-g", str(self.home / "getmail"), *rc_files]


class Fdm(Client):
    program = "fdm"
    blank_lines = 2

    def configure(self):
        lines = ['set lock-file "%s/lock"' % self.home, "set maximum-size 1G", "set no-received"]
        for user in self.server.users:
            cache = self.home / ("cache-" + user)
            lines += ['account "%s" pop3%s server "%s" port %d user "%s" pass "%s"%s%s' % (
                user, "s" if self.row.tls else "", self.server.address, self.server.port, user, PASSWORD,
                ' new-only cache "%s"' % cache if self.row.seen else "", "" if self.row.remove else " keep"),
                      'action "%s" %s' % (user, self.action(user)),
                      'match account "%s" action "%s"' % (user, user)]
        self.write("fdm.conf", "\n".join(lines) + "\n")
        if self.row.seen:
            self.write("cache-user1", "".join("%d %s\n" % (len(uid), uid) for uid in self.seen()))

    def action(self, user):
        if self.row.place in ("swallow", "procmail"):
            return 'pipe "%s"' % self.mda()
        return '%s "%s"' % (self.row.place, self.place(user))

    def command(self):
        return ["fdm", "-q", "-f", str(self.home / "fdm.conf"), "fetch"]


class Limit(Client):
    @classmethod
    def installed(cls):
        return True

    def configure(self):
        pass

    def command(self):
        flags = ["--tls"] * self.row.tls + ["--remove"] * self.row.remove
        flags += ["--last", str(self.row.count - self.row.seen)] if self.row.seen else []
        program = str(self.home.parent / "mailhaul-bench-limit")
        return [program, *flags, self.server.address, str(self.server.port), PASSWORD,
                *("%s=%s" % (user, self.delivery(user)) for user in self.server.users)]

    def delivery(self, user):
        if self.row.place in ("swallow", "procmail"):
            return "mda:" + self.mda()
        return "%s:%s" % (self.row.place, self.place(user))


CLIENTS = {"mailhaul": Mailhaul, "earlier": Earlier, "mpop": Mpop, "fetchmail": Fetchmail, "getmail": Getmail, "fdm": Fdm,
           "limit": Limit}
