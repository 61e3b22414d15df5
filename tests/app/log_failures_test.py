# SPDX-License-Identifier: MIT
"""The key log: what a log that cannot be written must not affect, and which commands report it before a run."""
import os
import time
import unittest

from support.py import mail
from support.py.log import MAIL, Log


class Unwritable(Log):
    """The mail arrives anyway, and one warning says what is wrong."""

    def refused(self, log, *words):
        self.prepared(*mail.small(3), log=str(log))
        result = self.fetch(err=None)
        self.assertEqual(len(self.world.maildir()), 3)
        self.assertEqual(result.err.count("warning:"), 1, result.err)
        self.assertSays(result.err, "mailhaul: warning: the log cannot be written: ", str(log), *words)

    def test_a_log_below_a_file_is_refused(self):
        self.world.path("file").touch()
        self.refused(self.world.path("file/log"), "not a directory")

    def test_with_q_it_is_told_when_it_begins_and_then_once_a_day(self):
        self.world.path("file").touch()
        drop = self.prepared(MAIL, log="~/file/log", leave_on_server=True)
        told = self.world.state_dir / "log-told"
        warned = []
        for day in (0, 0, 0, 25, 0):
            if day:
                os.utime(told, (time.time() - day * 3600,) * 2)
            drop.add(*mail.small(1))
            warned.append("the log cannot be written" in self.fetch("-q", err=None).err)
        self.assertEqual(warned, [True, False, False, True, False])
        self.assertSays(self.fetch(err=None).err, "the log cannot be written")
        self.world.path("file").unlink()
        self.fetch("-q")
        self.assertFalse(told.exists())
        self.world.path("file/log").unlink()
        self.world.path("file/log").mkdir()
        self.assertSays(self.fetch("-q", err=None).err, "the log cannot be written")

    def test_a_directory(self):
        self.world.path("folder").mkdir()
        self.refused(self.world.path("folder"), "is a directory")

    def test_a_full_disk(self):
        self.refused("/dev/full", "no space left")

    def test_a_fifo_without_a_reader_is_not_waited_for(self):
        os.mkfifo(self.log)
        self.refused(self.log, "no such device or address")

    def test_a_fifo_that_is_full_is_not_waited_for(self):
        os.mkfifo(self.log)
        reader = os.open(self.log, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        writer = os.open(self.log, os.O_WRONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, writer)
        for size in (4096, 1):
            try:
                while True:
                    os.write(writer, b"x" * size)
            except BlockingIOError:
                pass
        self.refused(self.log, "temporarily unavailable")

    def test_a_fifo_with_a_reader_gets_the_lines(self):
        os.mkfifo(self.log)
        self.prepared(MAIL)
        reader = os.open(self.log, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.fetch()
        self.assertEqual(len(os.read(reader, 65536).splitlines()), 4)


class Checks(Log):
    """config check and doctor report the problem before a run."""

    def finding(self, log, *words):
        self.prepared(log=str(log))
        found = self.json_lines(self.world.run("--json", "doctor"))
        finding, = [finding for finding in found if finding["check"] == "log"]
        self.assertSays(finding["text"], *words)
        result = self.world.run("config", "check")
        self.assertStatus(result, 0)
        self.assertEqual("warning: " + finding["text"] in result.err, finding["grade"] == "warning", result.err)
        return finding["grade"]

    def test_a_log_that_can_be_written(self):
        self.assertEqual(self.finding(self.log, "does not exist yet"), "ok")
        self.assertEqual(self.finding(self.world.path("a/b/c"), "does not exist yet"), "ok")
        self.assertFalse(self.log.exists())
        self.log.touch()
        self.assertEqual(self.finding(self.log, "can be written"), "ok")

    def test_a_log_that_cannot_be_written(self):
        self.world.path("file").touch()
        self.assertEqual(self.finding(self.world.path("file/log"), "cannot be created in"), "warning")
        self.world.path("folder").mkdir()
        self.assertEqual(self.finding(self.world.path("folder"), "is a directory"), "warning")

    def test_config_show_shows_the_log(self):
        home = self.world.home
        for log, shown in (("syslog", "syslog"), ("~/syslog", "%s/syslog" % home), ("./syslog", "%s/./syslog" % home)):
            self.prepared(log=log)
            self.assertSays(self.world.run("config", "show").out.decode(), '"log": "%s"' % shown)


if __name__ == "__main__":
    unittest.main()
