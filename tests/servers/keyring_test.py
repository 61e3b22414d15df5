# SPDX-License-Identifier: MIT
"""The keyring of GNOME, by way of the real secret-tool: both from Debian's packages, with a session bus of their own."""
import shutil
import unittest

from servers import real
from support.py import mail
from support.py.terminal import AtTerminal
from support.py.world import MAILHAUL, Case

DAEMON, TOOL = real.FOLDER / "usr/bin/gnome-keyring-daemon", real.FOLDER / "usr/bin/secret-tool"


@unittest.skipUnless(DAEMON.exists() and TOOL.exists() and shutil.which("dbus-run-session"),
                     "gnome-keyring and secret-tool are not unpacked, or there is no dbus-run-session")
class GnomeKeyring(Case):
    def test_login_fetch_and_logout(self):
        drop, server = self.maildrop(*mail.small(2), password=b"Gr\xc3\xbc\xc3\x9fe & \\ 'x")
        account = self.account(server, keyring=True)
        del account["password"]
        self.world.configure({"home": account})
        runtime = self.world.path("run")
        runtime.mkdir(mode=0o700)
        self.world.env.update(PATH="%s:%s" % (real.FOLDER / "usr/bin", self.world.env["PATH"]),
                              XDG_RUNTIME_DIR=str(runtime), MAILHAUL=MAILHAUL, LIBRARIES=real.libraries())
        tool = self.world.path("bin/secret-tool")  # the libraries are for these two programs alone
        tool.parent.mkdir()
        tool.write_text('#!/bin/sh\nLD_LIBRARY_PATH=$LIBRARIES exec %s "$@"\n' % TOOL)
        tool.chmod(0o755)
        steps = self.world.path("steps")
        steps.write_text("""PATH=$HOME/bin:$PATH
printf x | LD_LIBRARY_PATH=$LIBRARIES gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
"$MAILHAUL" fetch; echo "before: $?"
"$MAILHAUL" login; echo "login: $?"
"$MAILHAUL" fetch; echo "fetch: $?"
"$MAILHAUL" logout
"$MAILHAUL" fetch; echo "after: $?"
""")
        run = AtTerminal(self.world, "--", "sh", str(steps), program="dbus-run-session")
        run.expect(rb"before: 77\r\n")
        run.expect(rb"\(home\): $")
        run.type("Gr\u00fc\u00dfe & \\ 'x\n")
        run.expect(rb"login: 0\r\n")
        run.expect(rb"fetch: 0\r\n")
        run.end()
        self.assertRegex(run.screen, rb"home: logged out\r\n(?s:.)*after: 77\r\n")
        self.assertNotIn(b"& \\", run.screen)
        self.assertEqual(drop.uids(), [])
