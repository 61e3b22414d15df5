# SPDX-License-Identifier: MIT
"""doctor: what runs mailhaul on this machine, and whether it does so more often than the provider likes."""
import os
import pathlib
import pwd
import unittest

from support.py import mounts
from support.py.doctor import Doctor

UNITS = pathlib.Path(__file__).resolve().parents[2] / "packaging/systemd"


class Timers(Doctor):
    def test_a_crontab_line_names_a_program_that_is_not_there(self):
        self.set_up()
        self.program("crontab", "echo '*/5 * * * * /opt/gone/mailhaul -q'")
        self.fault("timer", 78, "crontab -l", "/opt/gone/mailhaul", hint=("command -v mailhaul",))

    def test_crontab_sees_no_password(self):
        account = self.account(self.server, password_env="HOME_PASSWORD")
        del account["password"]
        self.world.configure({"home": account})
        self.world.env["HOME_PASSWORD"] = "secret"
        self.program("crontab", 'env >"$HOME/seen"; exit 1')
        found = self.findings(status=0)
        self.assertIn("comes from the variable HOME_PASSWORD", [finding["text"] for finding in found])
        self.assertNotIn("=secret", self.world.path("seen").read_text())

    def lines(self, *lines):
        """What doctor says about a crontab with these lines."""
        self.set_up()
        file = self.world.path("crontab")
        file.write_text("".join(line + "\n" for line in lines))
        self.program("crontab", "cat %s" % file)
        return [timer["text"] for timer in self.timers()]

    def test_crontab_lines_that_are_healthy(self):
        self.program("mailhaul", "exit 0")
        self.assertEqual(self.bin, self.world.home / "bin")
        here = str(self.bin / "mailhaul")
        for command in ("$HOME/bin/mailhaul -q", "~/bin/mailhaul -q", "${HOME}/bin/mailhaul", "cd /opt/gone/mailhaul && ./mailhaul -q",
                        "$ELSEWHERE/mailhaul", "flock -n /run/lock/mailhaul %s -q" % here, "(%s -q)" % here, "( %s -q )" % here,
                        '"%s" -q' % here, "%s;true" % here, "sh -c '%s -q'" % here, "X=1 nice -n 5 %s -q" % here,
                        "su - anna -c '%s -q'" % here, "flock -w 10 /run/lock/mailhaul -c '%s -q'" % here, "%s >/dev/null 2>&1" % here,
                        "command -v mailhaul >/dev/null && mailhaul -q", "if [ -x %s ]; then %s -q; fi" % (here, here)):
            with self.subTest(command):
                told = self.lines("*/5 * * * * " + command)
                self.assertEqual(len(told), 1, told)
                self.assertRegex(told[0], r"^crontab -l runs \S*mailhaul every 5m$")

    def test_crontab_lines_that_do_not_start_it(self):
        for line in ("  # */5 * * * * /opt/gone/mailhaul", "PATH=/usr/bin:/opt/gone/mailhaul", " MAILTO = /opt/gone/mailhaul",
                     "*/5 * * * * pgrep mailhaul >/dev/null || echo down", "*/5 * * * * true # /opt/gone/mailhaul",
                     "*/5 * * * * cd /opt/gone/mailhaul && make"):
            with self.subTest(line):
                self.assertEqual(self.lines(line), ["no crontab and no unit of systemd runs mailhaul, as far as this user can see"])

    def test_a_crontab_line_that_is_not_understood_is_told_as_not_examined(self):
        self.assertEqual(self.lines("*/5 * * * * my-cron /opt/gone/mailhaul -q"),
                         ["crontab -l has a line with /opt/gone/mailhaul, which was not examined: the program that the line starts "
                          "is not known"])
        self.assertEqual(self.lines("*/5 * * * * if [ -x /opt/gone/mailhaul ]; then /opt/gone/mailhaul -q; fi"),
                         ["crontab -l runs /opt/gone/mailhaul only if it exists, and it does not exist"])

    def test_a_crontab_line_names_a_program_that_is_not_there_behind_others(self):
        for command in ("cd / && /opt/gone/mailhaul", "flock -n /run/lock/mailhaul /opt/gone/mailhaul", "sh -c '/opt/gone/mailhaul -q'",
                        "~/gone/mailhaul"):
            with self.subTest(command):
                self.set_up()
                self.program("crontab", 'echo "*/5 * * * * %s"' % command)
                self.fault("timer", 78, "crontab -l", "gone/mailhaul", hint=("command -v mailhaul",))

    def test_a_unit_names_a_program_that_is_not_there(self):
        self.set_up()
        units = self.world.home / ".config/systemd/user"
        units.mkdir(parents=True)
        (units / "mailhaul.service").write_text("[Service]\nExecStart=/opt/gone/mailhaul -q\n")
        self.fault("timer", 78, "mailhaul.service", hint=("command -v mailhaul",))

    def unit(self, name, text):
        file = self.world.home / ".config/systemd/user" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def enable(self, name, target):
        """Does what systemctl --user enable does with a unit of ours."""
        link = self.world.home / ".config/systemd/user" / (target + ".target.wants") / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(UNITS / "user" / name)

    def timers(self, status=0):
        return [finding for finding in self.findings(status=status) if finding["check"] == "timer"]

    def test_units_that_are_enabled_are_links_to_files_elsewhere(self):
        self.set_up()
        for name, target in (("mailhaul-watch.service", "default"), ("mailhaul.timer", "timers")):
            with self.subTest(name):
                self.enable(name, target)
                told = [timer["text"] for timer in self.timers() if name in timer["text"]]
                self.assertEqual(len(told), 1)
                self.assertTrue(told[0].endswith("%s.target.wants/%s runs mailhaul every 5m" % (target, name)), told)
        self.assertEqual(len(self.timers()), 2)

    @unittest.skipUnless(mounts.usable(), "neither root nor a user namespace may mount here")
    def test_a_unit_of_the_system_counts_for_its_user(self):
        self.set_up()
        user = pwd.getpwuid(os.geteuid()).pw_name
        for name in (user, "somebody.else"):
            link = self.world.path("units/multi-user.target.wants/mailhaul-watch@%s.service" % name)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(UNITS / "system/mailhaul-watch@.service")
        self.world.prefix = mounts.instead(self.world.path("units"), "/etc/systemd/system")
        self.assertEqual([timer["text"] for timer in self.timers()],
                         ["/etc/systemd/system/multi-user.target.wants/mailhaul-watch@%s.service runs mailhaul every 5m" % user])

    def too_often(self, count, **keys):
        """Checks that `count` warnings say that WEB.DE wants 15 minutes between two logins."""
        self.set_up(server="pop3s://pop3.web.de", tls="required", proxy="socks5h://127.0.0.1:%d" % self.closed_port(), **keys)
        warned = [timer for timer in self.timers(status=75) if timer["grade"] == "warning"]
        self.assertEqual(len(warned), count, warned)
        for timer in warned:
            self.assertSays(timer["text"], "WEB.DE wants 15m between two logins")
            self.assertSays(timer["hint"], '"min_interval": "15m"')
        return "".join(timer["text"] for timer in warned)

    def test_more_often_than_the_provider_likes(self):
        self.program("crontab", "echo '*/5 * * * * %s -q'" % self.program("mailhaul", "exit 0"))
        for keys, count in (({}, 1), ({"min_interval": "14m"}, 1), ({"min_interval": "15m"}, 0)):
            with self.subTest(keys):
                self.assertIn("every 5m" if count else "", self.too_often(count, **keys))

    def test_a_watch_more_often_than_the_provider_likes(self):
        self.enable("mailhaul-watch.service", "default")
        self.assertIn("mailhaul-watch.service runs it every 5m", self.too_often(1))
        drop_in = "mailhaul-watch.service.d/override.conf"
        for options, every in (("--interval 10m", "10m"), ("--interval=14m -q", "14m"), ("--interval 15m", None)):
            with self.subTest(options):
                self.unit(drop_in, "[Service]\nExecStart=\nExecStart=/usr/bin/env mailhaul \\\n  watch %s\n" % options)
                self.assertIn("every %s," % every if every else "", self.too_often(1 if every else 0))

    def test_a_timer_more_often_than_the_provider_likes(self):
        self.enable("mailhaul.timer", "timers")
        self.assertIn("mailhaul.timer runs it every 5m", self.too_often(1))
        for times, every in (("OnUnitActiveSec=10min", "10m"), ("OnUnitActiveSec=600", "10m"), ("OnUnitActiveSec=1h 30min", None),
                             ("OnCalendar=*:0/10", "10m"), ("OnCalendar=*-*-* *:00/01:00", "1m"), ("OnCalendar=minutely", "1m"),
                             ("OnCalendar=*:0/20", None), ("OnCalendar=hourly", None), ("OnCalendar=Mon 10:00", None)):
            with self.subTest(times):
                self.unit("mailhaul.timer.d/times.conf", "[Timer]\nOnUnitInactiveSec=\n%s\n" % times)
                self.assertIn("every %s," % every if every else "", self.too_often(1 if every else 0))

    def test_a_timer_of_another_name_starts_the_service_that_it_names(self):
        self.unit("mail.timer", "[Timer]\nOnCalendar=*:0/10\nUnit=fetch.service\n")
        self.unit("fetch.service", "[Service]\nExecStart=mailhaul -q\n")
        self.assertIn("mail.timer runs it every 10m", self.too_often(1))


if __name__ == "__main__":
    unittest.main()
