# SPDX-License-Identifier: MIT
"""The benchmark notices lost, changed or duplicated mail and missed targets."""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from bench import report, rows, verify
from support.py import mail

WIRES = mail.small(4, seed=9)
EXPECTED = collections.Counter(verify.digest(mail.local(wire)) for wire in WIRES)
TRACE = b"Received: from a by b;\n\tMon, 02 Mar 2026 08:00:00 +0000\n"


class Verify(unittest.TestCase):
    def setUp(self):
        self.box = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="mailhaul-bench-test-")))

    def maildir(self, *texts):
        for part in ("new", "cur", "tmp"):
            (self.box / part).mkdir()
        for number, text in enumerate(texts):
            (self.box / "new" / str(number)).write_bytes(text)
        return verify.difference(verify.maildir(self.box), EXPECTED)

    def mbox(self, *texts, behind=b"\n"):
        file = self.box / "mbox"
        file.write_bytes(b"".join(b"From x Mon Mar  2 08:00:00 2026\n" + text + behind for text in texts))
        return verify.difference(verify.mbox(file, len(behind)), EXPECTED)

    def test_the_same_messages_are_the_same_in_any_order_and_with_trace_headers(self):
        self.assertEqual(self.maildir(*(TRACE + mail.local(wire) for wire in reversed(WIRES))), "")

    def test_an_mbox_is_unquoted_and_its_blank_lines_are_not_mail(self):
        self.assertEqual(self.mbox(*(TRACE + mail.mboxrd(wire) for wire in WIRES)), "")
        self.assertEqual(self.mbox(*map(mail.mboxrd, WIRES), behind=b"\n\n"), "")

    def test_a_lost_message_is_noticed(self):
        self.assertEqual(self.maildir(*map(mail.local, WIRES[1:])), "1 lost, 0 changed or doubled")

    def test_a_doubled_message_is_noticed(self):
        self.assertEqual(self.mbox(*map(mail.mboxrd, [*WIRES, WIRES[0]])), "0 lost, 1 changed or doubled")

    def test_a_changed_byte_is_noticed(self):
        texts = [mail.local(wire) for wire in WIRES]
        texts[2] = texts[2].replace(b".dot", b"dot")
        self.assertEqual(self.maildir(*texts), "1 lost, 1 changed or doubled")

    def test_an_unquoted_from_line_is_noticed(self):
        self.assertNotEqual(self.mbox(*map(mail.local, WIRES)), "")


def result_of(**walls):
    row = rows.Row("x", "x", "1:1:1", targets=(rows.Target("wall", "mpop", at_least=6),
                                                rows.Target("wall", "limit", at_most=1.5),
                                                rows.Target("wall", "peers", at_least=2),
                                                rows.Target("memory", 32 * rows.MIB)))
    costs = {name: [{"wall": wall, "cpu": wall, "memory_kib": 20000, "wrong": wrong}] for name, (wall, wrong)
             in walls.items()}
    return report.summary(row, costs, {}, 0)


class Judge(unittest.TestCase):
    def met(self, **walls):
        return [target["met"] for target in result_of(**walls)["targets"]]

    def test_targets_are_compared_with_the_one_they_name(self):
        self.assertEqual(self.met(mailhaul=(1, ""), mpop=(7, ""), fdm=(3, ""), limit=(0.9, "")), [True] * 4)
        self.assertEqual(self.met(mailhaul=(1, ""), mpop=(5, ""), fdm=(1.5, ""), limit=(0.5, "")),
                         [False, False, False, True])

    def test_a_run_that_lost_mail_meets_no_target(self):
        self.assertEqual(self.met(mailhaul=(1, "1 lost"), mpop=(7, ""), limit=(0.9, "")), [False] * 4)

    def test_a_peer_that_lost_mail_is_no_best_peer(self):
        self.assertEqual(self.met(mailhaul=(1, ""), mpop=(7, ""), fdm=(0.1, "1 lost"), limit=(0.9, "")), [True] * 4)

    def test_where_nobody_is_there_to_compare_with_nothing_is_claimed(self):
        self.assertEqual(self.met(mailhaul=(1, "")), [None, None, None, True])


class Results(unittest.TestCase):
    HERE = pathlib.Path(__file__).parent

    def test_two_calls_make_one_row_and_its_ratios_and_targets(self):
        row = rows.Row("x", "x", "1:1:1", targets=(rows.Target("wall", "peers", at_least=2),))
        both = report.joined(row, result_of(mailhaul=(1, ""), mpop=(5, "")), result_of(fdm=(3, "")))
        self.assertEqual(list(both["clients"]), ["mailhaul", "mpop", "fdm"])
        self.assertEqual(both["clients"]["mpop"]["to_best_peer"], 5 / 3)
        self.assertEqual([target["measured"] for target in both["targets"]], [3])

    def test_the_file_has_what_was_measured_in_four_digits(self):
        said = report.document([result_of(mailhaul=(1.23456, ""), mpop=(7, ""))], "a remark")
        read = json.loads(report.text(said))
        self.assertEqual(read["rows"][0]["clients"]["mailhaul"]["walls"], [1.235])
        self.assertEqual({**read, "rows": []}, {**said, "rows": []})

    def test_the_plots_are_what_the_script_makes_of_the_results(self):
        with tempfile.TemporaryDirectory(prefix="mailhaul-plots-") as folder:
            subprocess.run([sys.executable, self.HERE / "plot", "--into", folder], check=True)
            for name in ("rows.svg", "seen.svg"):
                self.assertEqual((pathlib.Path(folder) / name).read_text(), (self.HERE / name).read_text(),
                                 "run tests/bench/plot again")

    def test_the_plots_show_each_client_that_did_the_work(self):
        results = json.loads((self.HERE / "results.json").read_text())
        for row in results["rows"]:
            self.assertFalse(row["clients"]["mailhaul"]["wrong"])
        for name in ("rows.svg", "seen.svg"):
            text = (self.HERE / name).read_text()
            for client in ("mailhaul", "mpop", "fdm", "getmail6"):
                self.assertIn(">%s</text>" % client, text)


if __name__ == "__main__":
    unittest.main()
