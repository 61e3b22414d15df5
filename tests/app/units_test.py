# SPDX-License-Identifier: MIT
"""The units for systemd: how exposed they are, and that the manual names all settings that keep a program from gaining
privileges."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
UNITS = ROOT / "packaging/systemd"
# systemd.exec(5): these imply NoNewPrivileges=yes if the service manager does not run as root, or if User= is set.
IMPLYING = {"LockPersonality", "MemoryDenyWriteExecute", "PrivateDevices", "ProtectClock", "ProtectHostname", "ProtectKernelLogs",
            "ProtectKernelModules", "ProtectKernelTunables", "RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime",
            "RestrictSUIDSGID", "SystemCallArchitectures", "SystemCallFilter", "SystemCallLog"}
# The same page: a user's own service manager can do these only with PrivateUsers=yes.
NAMESPACED = ("BindPaths", "BindReadOnlyPaths", "CapabilityBoundingSet", "InaccessiblePaths", "Private", "Protect", "ReadOnlyPaths",
              "ReadWritePaths", "TemporaryFileSystem")


def settings(text):
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.M))


class Units(unittest.TestCase):
    def test_they_are_installed(self):
        tree = pathlib.Path(os.environ["MAILHAUL"]).parent
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["cmake", "--install", str(tree)], env={**os.environ, "DESTDIR": folder}, stdout=subprocess.DEVNULL, check=True)
            installed = {file.parent.name + "/" + file.name: file.read_text() for file in pathlib.Path(folder).glob("**/systemd/*/*")}
        self.assertEqual(installed, {unit.parent.name + "/" + unit.name: unit.read_text() for unit in UNITS.glob("*/*")})
        self.assertLessEqual({"user/mailhaul-watch.service", "user/mailhaul.timer", "system/mailhaul-watch@.service"}, set(installed))

    def test_none_is_quiet_so_that_the_journal_tells_of_mail(self):
        for unit in sorted(UNITS.glob("*/*.service")):
            self.assertRegex(settings(unit.read_text())["ExecStart"], "/env mailhaul(?: watch)?$", unit.name)

    def test_only_a_unit_of_the_system_waits_for_the_network(self):
        """The service manager of a user has no network-online.target."""
        for unit in sorted(UNITS.glob("*/*")):
            waits = [line for line in unit.read_text().splitlines() if "network-online" in line and not line.startswith("#")]
            self.assertEqual(len(waits), 2 if unit.parent.name == "system" else 0, unit.name)

    def test_a_stop_and_trouble_that_passes_are_no_failures(self):
        for unit in sorted(UNITS.glob("*/*.service")):
            self.assertEqual(settings(unit.read_text()).get("SuccessExitStatus"), "75 143", unit.name)

    def test_that_fetching_ends_with_the_login_is_said_where_the_units_are(self):
        for file in (*UNITS.glob("user/*.service"), *(ROOT / name for name in ("README.md", "man/mailhaul.1", "man/mailhaul-watch.1"))):
            self.assertIn("loginctl enable-linger", file.read_text(), file.name)

    @staticmethod
    def drop_ins():
        """The drop-ins of the manual: for programs that gain privileges, and for a unit without namespaces."""
        page = (ROOT / "man/mailhaul-watch.1").read_text()
        return re.findall(r"^\.Bd -literal[^\n]*\n(\[Service\]\n.*?)^\.Ed$", page, re.M | re.S)

    def test_the_drop_ins_of_the_manual_let_programs_gain_privileges(self):
        privileges, namespaces = self.drop_ins()
        everywhere, systems = (settings(part) for part in privileges.split("# Only", 1))
        for unit in sorted(UNITS.glob("*/*.service")):
            with self.subTest(unit.name):
                lifted = {**everywhere, **(systems if unit.parent.name == "system" else settings(namespaces))}
                restrictions = (IMPLYING | {"NoNewPrivileges"}) & set(settings(unit.read_text()))
                self.assertEqual(restrictions - set(lifted), set())
                self.assertEqual({lifted[name] for name in restrictions} - {"", "no"}, set())
                self.assertEqual(lifted["CapabilityBoundingSet"], "~")  # all capabilities
                self.assertIn("mailhaul-watch(1)", unit.read_text())

    def test_a_drop_in_of_the_manual_lifts_what_a_user_has_in_a_user_namespace_only(self):
        lifted = settings(self.drop_ins()[1])
        for unit in sorted(UNITS.glob("user/*.service")):
            with self.subTest(unit.name):
                used = {name for name in settings(unit.read_text()) if name.startswith(NAMESPACED)}
                self.assertEqual(set(lifted), used)
                self.assertIn("217/USER", unit.read_text())
        self.assertEqual(set(lifted.values()), {"", "no", "~"})
        self.assertEqual(lifted["PrivateUsers"], "no")

    def test_ssh_works_where_root_is_nobody_and_sockets_in_tmp_are_found(self):
        for unit in sorted(UNITS.glob("user/*.service")):
            with self.subTest(unit.name):
                says = settings(unit.read_text())
                self.assertEqual(says["PrivateUsers"], "yes")
                self.assertEqual(says["InaccessiblePaths"], "-/etc/ssh/ssh_config.d")
                self.assertEqual({"PrivateTmp", "PrivateDevices", "ProtectHome", "PrivateNetwork"} & set(says), set())

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_how_exposed_they_are(self):
        """Ten means no protection at all. The user's own programs (procmail, gpg, ssh) need what is still allowed."""
        for unit in sorted(UNITS.glob("*/*.service")):
            most = 2.5 if unit.parent.name == "system" else 3.0
            with self.subTest(unit.name):
                told = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout.decode("utf-8", "replace")
                found = re.search(r"Overall exposure level for [^:]*: (\d+\.\d)", told)
                if "offline" in told and not found:
                    self.skipTest("this systemd-analyze is too old: " + told.strip())
                self.assertLessEqual(float(found[1]), most, told)


if __name__ == "__main__":
    unittest.main()
