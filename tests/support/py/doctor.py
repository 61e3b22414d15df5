# SPDX-License-Identifier: MIT
"""Set-ups for mailhaul doctor, and what must be found in them."""
import ssl

from support.py import mail
from support.py.world import Case


def tls(which):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, which))
    return context


class Doctor(Case):
    """A set-up, and what doctor finds in it."""

    certificates = None  # set by the test module

    def setUp(self):
        super().setUp()
        self.bin = self.world.path("bin")
        self.bin.mkdir()
        self.program("crontab", "exit 1")
        self.world.env["PATH"] = "%s:%s" % (self.bin, self.world.env["PATH"])
        self.drop, self.server = self.maildrop(*mail.small(3))

    def program(self, name, script):
        file = self.bin / name
        file.write_text("#!/bin/sh\n%s\n" % script)
        file.chmod(0o755)
        return file

    def set_up(self, **keys):
        self.world.configure({"home": self.account(self.server, **keys)})

    def secure(self, which, **keys):
        self.server = self.serve(self.drop, tls=tls(which))
        self.set_up(**{"server": "pop3s://localhost:%d" % self.server.port, "tls": "required",
                       "tls_ca_file": str(self.certificates.ca), **keys})

    def findings(self, *words, status=None, **more):
        result = self.world.run("--json", "doctor", *words, **more)
        found = self.json_lines(result)
        for finding in found:
            self.assertEqual(finding["event"], "finding")
            self.assertEqual(finding["grade"] == "ok", "hint" not in finding, finding)
        if status is not None:
            self.assertStatus(result, status)
        return found

    def names(self, grade, check, *words, status=0, hint=(), more=()):
        """Asserts that exactly this is wrong. Returns the other checks, all of which are ok."""
        found = self.findings(*more, status=status)
        wrong = [finding for finding in found if finding["grade"] != "ok"]
        self.assertEqual([(finding["grade"], finding["check"]) for finding in wrong], [(grade, check)], wrong)
        self.assertSays(wrong[0]["text"], *words)
        self.assertSays(wrong[0]["hint"], *hint)
        return [finding["check"] for finding in found if finding["grade"] == "ok"]

    def fault(self, check, status, *words, hint=()):
        return self.names("fault", check, *words, status=status, hint=hint)

    def warning(self, check, *words, hint=()):
        return self.names("warning", check, *words, hint=hint)
