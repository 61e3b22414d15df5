# SPDX-License-Identifier: MIT
"""Real POP3 servers from Debian's packages, each on an ephemeral loopback port for one test. servers/unpack unpacks them.

Most are made for inetd: for each connection the test starts one, and the connection is its standard input and output.
"""
import atexit
import os
import pathlib
import platform
import re
import shutil
import socket
import subprocess
import tempfile
import threading

from support.py import dovecot, mail, mounts
from support.py.certificates import Certificates
from support.py.pop import Pop


def open_to_all(folder):
    """The folder, or a copy for this process if only root may enter it, as with a checkout in /root."""
    if not folder.exists() or all(parent.stat().st_mode & 0o001 for parent in folder.resolve().parents):
        return folder
    copy = tempfile.TemporaryDirectory(prefix="mailhaul-servers-")
    atexit.register(copy.cleanup)
    os.chmod(copy.name, 0o755)
    shutil.copytree(folder, copy.name, symlinks=True, dirs_exist_ok=True)
    return pathlib.Path(copy.name)


FOLDER = open_to_all(pathlib.Path(os.environ.get("MAILHAUL_SERVERS", "/nonexistent")))
UID = 65534  # the owner of the mail; the servers become this user
USER, PASSWORD = "anna", "secret"
FROM = b"From sender@example.org Mon Jan  1 00:00:00 2024\n"


def libraries():
    triplet = platform.machine() + "-linux-gnu"
    places = ("usr/lib/" + triplet, "lib/" + triplet, "usr/lib", "usr/lib/%s/courier-authlib" % triplet)
    return ":".join(str(FOLDER / place) for place in places)


class Server:
    """A context manager. `mailbox` is where its mail is; user() is whom to log in as."""
    program = ""
    user = USER

    @classmethod
    def usable(cls):
        return (FOLDER / cls.program).exists() and os.geteuid() == 0

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mailhaul-server-"))
        self.dir.chmod(0o755)
        self.environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": libraries(), "LANG": "C.UTF-8"}
        self.processes = []
        self.prepare()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @staticmethod
    def sent(text):
        """A message without what this server adds while it is fetched."""
        return text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            self.start(connection, self.command())

    def start(self, connection, command, **more):
        with open(self.dir / "log", "ab") as log:
            process = subprocess.Popen(list(map(str, command)), stdin=connection, stdout=connection, stderr=log,
                                       env={**self.environment, **more.pop("env", {})}, **more)
        self.processes.append(process)

    def folder(self, name):
        folder = self.dir / name
        folder.mkdir()
        os.chown(folder, UID, UID)
        return folder

    def log(self):
        return (self.dir / "log").read_text(errors="replace")


class Mbox(Server):
    """A server whose mail is an mbox. What it sends may differ from what it has written into the mbox meanwhile."""

    def deliver(self, wires):
        with open(self.mailbox, "ab") as box:
            for wire in wires:
                box.write(FROM + mail.mboxrd(wire) + b"\n")

    def empty(self, box):
        box.write_bytes(b"")
        box.chmod(0o600)
        os.chown(box, UID, UID)
        return box


class Gnu(Mbox):
    """GNU mailutils' pop3d: UIDL adds X-UIDL to each message; X-IMAPbase, X-UID and Status follow when the session ends."""
    program = "usr/sbin/pop3d"
    user = USER + "@example"

    def prepare(self):
        home = self.folder("home")
        self.mailbox = self.empty(home / "INBOX")
        (self.dir / "passwords").mkdir()
        (self.dir / "passwords/example").write_text("%s:%s:%d:%d:Anna:%s:/bin/false\n" % (USER, encrypted(), UID, UID, home))
        (self.dir / "conf").write_text("mode inetd;\nvirtdomain { passwd-dir %s/passwords; };\nlogging { syslog no; };\n"
                                       "mailbox { mailbox-type mbox; };\n" % self.dir)

    @staticmethod
    def sent(text):
        return re.sub(rb"^X-UIDL: [0-9a-f]{32}\.\d+\.\d+\r?\n", b"", text, count=1, flags=re.M)

    def command(self):
        return [FOLDER / self.program, "--no-site-config", "--config-file=%s/conf" % self.dir, "--inetd"]


class Popa3d(Mbox):
    """Knows users of the system only. In a mount namespace, files of ours name them."""
    program = "usr/sbin/popa3d"
    SCRIPT = """set -e
for file in passwd shadow; do mount --bind "$1/$file" /etc/$file; done
mount --bind "$1/spool" /var/mail
mount --bind "$1/pam" /etc/pam.d
mount -t tmpfs none /var/lib
mkdir /var/lib/popa3d
exec "$2"
"""

    @classmethod
    def usable(cls):
        return super().usable() and mounts.usable()

    def prepare(self):
        self.mailbox = self.empty(self.folder("spool") / USER)
        (self.dir / "pam").mkdir()
        (self.dir / "pam/popa3d").write_text("auth required pam_unix.so\naccount required pam_unix.so\n")
        shadow = self.dir / "shadow"
        shadow.touch(mode=0o600)
        (self.dir / "passwd").write_text("root:x:0:0::/root:/bin/sh\npopa3d:x:64000:65534::/:/bin/false\n%s:x:%d:%d::/:/bin/false\n"
                                         % (USER, UID, UID))
        shadow.write_text("root:*:19000:0:99999:7:::\n%s:%s:19000:0:99999:7:::\n" % (USER, encrypted()))

    def command(self):
        return ["unshare", "-m", "sh", "-c", self.SCRIPT, "sh", self.dir, FOLDER / self.program]


class Cyrus(Server):
    """A service that Cyrus's master gives a listening socket, and that asks saslauthd about passwords. Here
    the test does the work of both.

    Files in the folder of the mailbox become mail when the folder is reconstructed.
    """
    program = "usr/lib/cyrus/bin/pop3d"
    CONFIGURATION = """configdirectory: {0}/state
partition-default: {0}/spool
defaultpartition: default
cyrus_user: nobody
cyrus_group: nogroup
servername: pop.example.org
autocreate_quota: 0
allowplaintext: yes
sasl_mech_list: PLAIN
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: {0}/saslauthd
"""

    def prepare(self):
        self.folder("spool")
        state = self.folder("state")
        for part in ("db", "lock", "log", "msg", "proc", "socket"):
            (state / part).mkdir()
            os.chown(state / part, UID, UID)
        (self.dir / "conf").write_text(self.CONFIGURATION.format(self.dir))
        self.environment.update(CYRUS_SERVICE="pop3", CYRUS_ID="1")
        self.passwords = socket.socket(socket.AF_UNIX)
        self.passwords.bind(str(self.dir / "saslauthd"))
        (self.dir / "saslauthd").chmod(0o666)
        self.passwords.listen()
        threading.Thread(target=self.check_passwords, daemon=True).start()
        self.number = 0

    def __exit__(self, *error):
        super().__exit__(*error)
        self.passwords.shutdown(socket.SHUT_RDWR)
        self.passwords.close()

    def check_passwords(self):
        """saslauthd's protocol: user, password, service and realm, each after its length; the answer is alike."""
        while True:
            try:
                connection, _ = self.passwords.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as words:
                asked = [words.read(int.from_bytes(words.read(2), "big")) for _ in range(4)]
                connection.sendall(b"\0\2OK" if asked[:2] == [USER.encode(), PASSWORD.encode()] else b"\0\2NO")

    def accept(self):
        self.start(self.listener, ["sh", "-c", 'exec "$@" 3>/dev/null 4<&0', "sh", *self.command(self.program)])

    def command(self, program):
        return [FOLDER / program, "-C", self.dir / "conf"]

    def deliver(self, wires):
        if self.number == 0:
            with Pop(self.port, USER, PASSWORD) as pop:
                pop.command("QUIT")  # the first login creates the mailbox
        mailbox = next((self.dir / "spool").rglob("cyrus.header")).parent
        for wire in wires:
            self.number += 1
            file = mailbox / ("%d." % self.number)
            file.write_bytes(wire)
            os.chown(file, UID, UID)
        subprocess.run([*self.command("usr/lib/cyrus/bin/reconstruct"), "user." + USER], env=self.environment, check=True,
                       stdout=subprocess.DEVNULL)


class Courier(Server):
    """Its login and its sessions are two programs. The login needs a password daemon, so the test does it itself."""
    program = "usr/lib/courier/courier/courierpop3d"
    # A client that has not sent UTF8 gets a notice for a message with an 8-bit header, with a new boundary each time.
    BOUNDARY = re.compile(rb"=_\d+-\d+")
    CAPA = b"+OK Here's what I can do:\r\nTOP\r\nUSER\r\nPIPELINING\r\nUIDL\r\nUTF8 USER\r\n.\r\n"

    def prepare(self):
        self.mailbox = self.dir / "home/Maildir"
        for part in ("tmp", "new", "cur"):
            (self.mailbox / part).mkdir(parents=True)
        for path in (self.dir / "home", *(self.dir / "home").rglob("*")):
            os.chown(path, UID, UID)
        self.number = 0

    @classmethod
    def sent(cls, text):
        return cls.BOUNDARY.sub(b"=_", text)

    def deliver(self, wires):
        for wire in wires:
            self.number += 1
            file = self.mailbox / "tmp" / ("1700%06d.M1P1.example" % self.number)
            file.write_bytes(mail.local(wire))
            os.chown(file, UID, UID)
            file.rename(self.mailbox / "new" / file.name)

    def serve(self, connection):
        utf8, name = "0", None
        with connection:
            connection.sendall(b"+OK Hello there.\r\n")
            while line := read_line(connection):
                verb, _, argument = line.partition(b" ")
                verb = verb.upper()
                if verb == b"PASS" and (name, argument) == (USER.encode(), PASSWORD.encode()):
                    return self.start(connection, [FOLDER / self.program, "./Maildir"], cwd=self.dir / "home", user=UID, group=UID,
                                      extra_groups=[], env={"UTF8": utf8, "AUTHENTICATED": USER, "AUTHADDR": USER,
                                                            "MAILDIR": "./Maildir", "HOME": str(self.dir / "home")})
                if verb == b"UTF8":
                    utf8 = "1"
                elif verb == b"USER":
                    name = argument
                known = verb in (b"UTF8", b"USER", b"QUIT")
                connection.sendall(self.CAPA if verb == b"CAPA" else b"+OK\r\n" if known else b"-ERR Invalid command.\r\n")
                if verb == b"QUIT":
                    return None


class Dovecot(Mbox):
    """Dovecot with an mbox, to which it adds X-IMAPbase, X-UID, Status and Content-Length. (With a Maildir: app/dovecot_test.py.)"""

    @classmethod
    def usable(cls):
        return bool(dovecot.program())

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="mailhaul-certificates-")
        self.server = dovecot.Dovecot(*Certificates(self.folder.name).good, box="mbox")
        self.server.add_user(USER)
        self.port, self.mailbox = self.server.plain, self.server.dir / "home" / USER / "INBOX"
        self.mailbox.touch(mode=0o600)
        os.chown(self.mailbox, self.server.uid, self.server.gid)

    def __exit__(self, *_):
        self.server.stop()
        self.folder.cleanup()


def encrypted():
    return subprocess.run(["openssl", "passwd", "-6", PASSWORD], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def read_line(connection):
    """Reads byte by byte, because what follows is for another program. Returns an empty line at the end."""
    line = b""
    while not line.endswith(b"\n"):
        piece = connection.recv(1)
        if not piece:
            return b""
        line += piece
    return line.rstrip(b"\r\n")
