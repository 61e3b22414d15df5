# SPDX-License-Identifier: MIT
"""A real Dovecot pop3d of our own: its configuration, its ports, its users, all in a directory that goes away.

Understands the configuration grammars of 2.3 (Debian 12) and 2.4 (Debian 13). Run as root it uses the package's own
unprivileged users; otherwise everything belongs to the user who runs it.
"""
import grp
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from support.py.pop import Pop
from support.py.ports import free_port
from support.py.world import LIMIT

PASSWORD = "secret"  # of all users

CONFIG_23 = """
protocols = pop3
listen = 127.0.0.1
login_greeting = {dir.name}
base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/log
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
first_valid_uid = 0
first_valid_gid = 0
{storage}
mail_max_userip_connections = 100
{identity}
passdb {{
  driver = {passdb}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={dir}/home/%u
}}
service pop3-login {{
  {chroot}
  service_count = 0
  process_min_avail = 1
  inet_listener pop3 {{
    port = {plain}
  }}
  inet_listener pop3s {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  {chroot}
}}
service pop3 {{
  process_limit = 100
}}
"""

CONFIG_24 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols {{
  pop3 = yes
}}
listen = 127.0.0.1
login_greeting = {dir.name}
base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/log
ssl = yes
ssl_server_cert_file = {cert}
ssl_server_key_file = {key}
auth_allow_cleartext = yes
auth_mechanisms {{
  plain = yes
  login = yes
  cram-md5 = yes
  scram-sha-1 = yes
  scram-sha-256 = yes
}}
auth_failure_delay = 0
first_valid_uid = 0
first_valid_gid = 0
{storage}
mail_home = {dir}/home/%{{user}}
mail_uid = {uid}
mail_gid = {gid}
mail_max_userip_connections = 100
{identity}
passdb static {{
  password = secret
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {dir}/home/%{{user}}
  }}
}}
service pop3-login {{
  {chroot}
  service_restart_request_count = unlimited
  process_min_avail = 1
  inet_listener pop3 {{
    port = {plain}
  }}
  inet_listener pop3s {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  {chroot}
}}
service pop3 {{
  process_limit = 100
}}
"""


# Dovecot asks a page of ours whether a token is valid (RFC 7662).
INTROSPECTION = """
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""
MECHANISMS = {False: "plain login cram-md5 scram-sha-1 scram-sha-256", True: "xoauth2 oauthbearer"}

# By version (2.4 or not) and kind of mailbox. An mbox has Dovecot's own defaults, so that Dovecot writes Status,
# X-UID and more into it.
STORAGE = {
    (False, "maildir"): "mail_location = maildir:~/Maildir\npop3_no_flag_updates = yes\npop3_uidl_format = %g",
    (False, "mbox"): "mail_location = mbox:~/mail:INBOX=~/INBOX",
    (True, "maildir"): "mail_driver = maildir\nmail_path = ~/Maildir\npop3_no_flag_updates = yes\npop3_uidl_format = %{guid}",
    (True, "mbox"): "mail_driver = mbox\nmail_path = ~/mail\nmail_inbox_path = ~/INBOX",
}


def program():
    """Where dovecot is; None when it is not installed."""
    return shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))


def is_modern():
    """Whether Dovecot is 2.4 or later, which has another grammar."""
    version = subprocess.run([program(), "--version"], check=True, stdout=subprocess.PIPE).stdout.decode()
    return tuple(int(part) for part in version.split(".")[:2]) >= (2, 4)


class Dovecot:
    """A context manager. plain (with STLS) and tls are its ports. With the URL of an introspection, it takes
    OAuth 2 tokens and no passwords; this needs version 2.3."""

    def __init__(self, certificate, key, box="maildir", introspection=None):
        self.certificate, self.key, self.box = certificate, key, box
        self.introspection = introspection
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mailhaul-dovecot-"))
        self.dir.chmod(0o755)  # its login processes run as another user
        (self.dir / "home").mkdir()
        self.process = None
        self._number = int(time.time())  # file names are never used twice, because Dovecot makes UIDLs of them
        if os.geteuid() == 0:
            self.uid, self.gid = pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid
            self.identity, self.chroot = "", ""
        else:
            self.uid, self.gid = os.getuid(), os.getgid()
            user, group = pwd.getpwuid(self.uid).pw_name, grp.getgrgid(self.gid).gr_name
            self.identity = ("default_internal_user = %s\ndefault_internal_group = %s\ndefault_login_user = %s"
                             % (user, group, user))
            self.chroot = "chroot ="
        os.chown(self.dir / "home", self.uid, self.gid)
        self._start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _start(self):
        modern = is_modern()
        passdb = "static\n  args = password=" + PASSWORD
        if self.introspection:
            (self.dir / "oauth2").write_text(INTROSPECTION.format(url=self.introspection))
            passdb = "oauth2\n  args = %s/oauth2" % self.dir
        for _ in range(5):  # another program may take a free port before Dovecot does
            self.plain, self.tls = free_port(), free_port()
            (self.dir / "conf").write_text((CONFIG_24 if modern else CONFIG_23).format(
                dir=self.dir, cert=self.certificate, key=self.key, identity=self.identity, chroot=self.chroot,
                mechanisms=MECHANISMS[bool(self.introspection)], passdb=passdb, uid=self.uid, gid=self.gid, storage=STORAGE[modern, self.box], plain=self.plain, tls=self.tls))
            self.process = subprocess.Popen([program(), "-F", "-c", str(self.dir / "conf")], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if self._ready():
                return
            self._end()
        raise RuntimeError("dovecot does not start:\n%s\n%s" % (self.process.stderr.read().decode(), self.log()))

    def _ready(self):
        """Returns whether our Dovecot answers at the port, which another program may have taken."""
        deadline = time.monotonic() + LIMIT
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.plain), timeout=LIMIT) as sock:
                    if self.dir.name.encode() in sock.makefile("rb").readline():
                        return True
            except OSError:
                pass
            time.sleep(0.05)  # Dovecot does not report when it listens
        return False

    def _end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def log(self):
        file = self.dir / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def stop(self):
        self._end()
        self.process.stderr.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def add_user(self, name, messages=()):
        """A new mailbox with these messages."""
        for part in ("", "Maildir", "Maildir/tmp", "Maildir/new", "Maildir/cur"):
            folder = self.dir / "home" / name / part
            folder.mkdir(exist_ok=True)
            os.chown(folder, self.uid, self.gid)
        self.deliver(name, messages)
        return name

    def deliver(self, name, messages):
        """Adds messages, in the order given."""
        box = self.dir / "home" / name / "Maildir"
        for message in messages:
            self._number += 1
            file = box / "tmp" / ("%d.M1P1.example" % self._number)
            file.write_bytes(message)
            os.chown(file, self.uid, self.gid)
            file.rename(box / "new" / file.name)

    def serves(self, name):
        """The messages as Dovecot really serves them."""
        with Pop(self.plain, name, PASSWORD) as pop:
            return pop.everything()

    def count(self, name):
        with Pop(self.plain, name, PASSWORD) as pop:
            return pop.count()


def of_module(certificates):
    """A Dovecot that ends with the test module whose setUpModule() calls this."""
    dovecot = Dovecot(*certificates.good)
    unittest.addModuleCleanup(dovecot.stop)
    return dovecot
