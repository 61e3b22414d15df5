# SPDX-License-Identifier: MIT
"""delete: what it removes, what it refuses, and who is asked."""
import json
import unittest

from app.terminal_test import at_a_terminal
from support.py import mail
from support.py.maildrop import Message
from support.py.world import Case


class Delete(Case):
    def prepared(self, *messages, capabilities=None, **keys):
        more = {} if capabilities is None else {"capabilities": capabilities}
        self.drop, server = self.maildrop(*(messages or mail.small(4, seed=5)), **more)
        self.world.configure({"home": self.account(server, leave_on_server=True, **keys)})

    def fetched(self):
        self.assertStatus(self.world.run(), 0)

    def delete(self, *words, status=0):
        """Runs delete as a script does, without a terminal."""
        result = self.world.run("delete", *words, start_new_session=True)
        self.assertStatus(result, status)
        return result

    def standings(self):
        return {row["uid"]: row["standing"] for row in self.json_lines(self.world.run("--json", "state", "show"))}

    def numbers(self):
        return [int(uid[4:]) for uid in self.drop.uids()]


class Removing(Delete):
    def test_delivered_messages_are_removed_and_known_to_be_gone(self):
        self.prepared()
        self.fetched()
        result = self.delete("home", "uid-000002", "uid-000003", "--yes")
        self.assertEqual((result.out, result.err), (b"home: 2 messages removed from the server\n", ""))
        self.assertEqual(self.numbers(), [1, 4])
        self.assertEqual(self.standings(), {"uid-000001": "delivered", "uid-000002": "gone",
                                            "uid-000003": "gone", "uid-000004": "delivered"})

    def test_status_knows_what_is_left(self):
        self.prepared(max_messages=2)
        self.fetched()
        waiting = len(self.drop.messages[3].wire)
        self.delete("--yes", "--unfetched", "uid-000001", "uid-000003")
        found = self.json_lines(self.world.run("--json", "status"))[0]
        self.assertEqual((found["left"], found["waiting"], found["waiting_bytes"]), (2, 1, waiting))
        self.drop.add(*mail.small(2, seed=8))  # no run has counted these
        self.assertStatus(self.world.run("state", "mark-seen", "home", "uid-000005"), 0)
        waiting += len(self.drop.messages[3].wire)
        for uid in ("uid-000005", "uid-000002"):
            self.delete("--yes", "--unfetched", uid)
            found = self.json_lines(self.world.run("--json", "status"))[0]
            self.assertEqual((found["waiting"], found["waiting_bytes"]), (2, waiting))

    def test_each_was_read_in_the_session_that_removed_it(self):
        self.prepared()
        self.fetched()
        trace = self.world.run("delete", "-vv", "--yes", "uid-000002", start_new_session=True).err
        self.assertLess(trace.index("> TOP 2 0"), trace.index("> DELE 2"))
        self.assertNotIn("TOP 1 0", trace)

    def test_without_a_terminal_it_wants_yes(self):
        self.prepared()
        self.fetched()
        self.assertHint(self.delete("uid-000001", status=64), "there is no terminal", "--yes")
        self.assertEqual(self.numbers(), [1, 2, 3, 4])

    def test_one_that_was_never_delivered_is_refused_with_all_others(self):
        self.prepared()
        self.fetched()
        self.drop.add(*mail.small(1, seed=8))
        result = self.delete("--yes", "uid-000001", "uid-000005", status=64)
        self.assertHint(result, "message uid-000005 was never delivered", "fetch first, or add --unfetched")
        self.drop.add(*mail.small(1, seed=9))
        result = self.delete("--yes", "uid-000005", "uid-000006", status=64)
        self.assertHint(result, "messages uid-000005, uid-000006 were never delivered", "fetch first, or add --unfetched")
        self.assertStatus(self.world.run("state", "mark-seen", "home", "uid-000006"), 0)
        result = self.delete("--yes", "uid-000005", "uid-000006", status=64)
        self.assertHint(result, "messages uid-000005, uid-000006 were not delivered here", "add --unfetched")
        self.assertNotIn("fetch first", result.err)
        self.assertEqual(self.numbers(), [1, 2, 3, 4, 5, 6])

    def test_one_that_was_never_delivered_is_named_and_removed_when_allowed(self):
        self.prepared(b"From: Anna <anna@example.org>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nx\r\n")
        result = self.delete("--yes", "--unfetched", "uid-000001", "-q")
        self.assertSays(result.err, 'home: warning: message uid-000001 (from Anna: "Grüße") was never delivered, and is being removed')
        self.assertEqual(self.numbers(), [])
        self.assertEqual(self.standings(), {})
        self.assertEqual(self.world.maildir(), [])

    def test_a_line_end_in_a_subject_is_shown_as_an_escape(self):
        self.prepared(b"From: =?utf-8?q?A=0Ab?= <a@b>\r\nSubject: =?utf-8?q?x=0A__hint:_run_this?=\r\n\r\nx\r\n")
        result = self.delete("--yes", "--unfetched", "uid-000001", "-q")
        self.assertSays(result.err, r'from A\x0ab: "x\x0a  hint: run this") was never delivered, and is being removed')
        self.assertNotIn("\n  hint", result.err)

    def test_what_was_removed_unfetched_and_is_listed_again_is_new_mail(self):
        self.prepared(*mail.small(1, seed=5), max_size="1")
        self.world.run("-q")  # this records that it is too large
        self.assertEqual(self.standings(), {"uid-000001": "pending"})
        wires = self.drop.wires()
        self.delete("--yes", "--unfetched", "uid-000001")
        self.assertEqual(self.standings(), {})
        self.drop.messages = [Message(b"uid-000001", wires[0])]
        self.assertStatus(self.world.run("--max-size", "0"), 0)
        self.assertSameMail(self.world.maildir(), wires)

    def test_a_marked_message_was_not_delivered(self):
        self.prepared()
        self.assertStatus(self.world.run("state", "mark-seen", "--all"), 0)
        result = self.delete("--yes", "uid-000001", status=64)
        self.assertHint(result, "message uid-000001 was marked as seen, never delivered", "add --unfetched")
        self.assertNotIn("fetch first", result.err)  # fetch ignores it
        self.delete("--yes", "--unfetched", "uid-000001")
        self.assertEqual(self.numbers(), [2, 3, 4])

    def test_another_message_with_the_uid_of_a_delivered_one_was_not_delivered(self):
        self.prepared()
        self.fetched()
        other = mail.small(1, seed=77)[0]
        for size in (len(self.drop.messages[1].wire), len(other) + 10):
            wire = other[:size] + b"x" * (size - len(other))
            self.drop.messages[1] = Message(b"uid-000002", wire)
            self.assertSays(self.delete("--yes", "uid-000002", status=64).err, "uid-000002 was never delivered")
        self.assertEqual(self.numbers(), [1, 2, 3, 4])
        self.delete("--yes", "--unfetched", "uid-000002")
        self.assertEqual(self.standings()["uid-000002"], "delivered")  # the row of the other message

    def test_a_server_that_gives_another_size_is_asked_for_the_content(self):
        self.prepared()
        self.fetched()
        self.drop.messages[0] = Message(b"uid-000001", self.drop.messages[0].wire + b"\r\n")
        self.delete("--yes", "uid-000001")
        self.assertEqual(self.drop.retrieved[4:], [b"uid-000001"])
        self.assertEqual(self.numbers(), [2, 3, 4])

    def test_without_top_the_whole_message_is_read(self):
        self.prepared(capabilities=[b"UIDL", b"PIPELINING"])
        self.fetched()
        self.delete("--yes", "uid-000001")
        self.assertEqual(self.drop.retrieved[4:], [b"uid-000001"])
        self.assertEqual(self.numbers(), [2, 3, 4])

    def test_a_uid_that_is_not_listed_stops_it_before_anything_is_removed(self):
        self.prepared()
        self.fetched()
        self.assertSays(self.delete("--yes", "uid-000001", "nobody", status=64).err, "nobody")
        self.assertEqual(self.numbers(), [1, 2, 3, 4])

    def test_a_number_is_refused_without_a_terminal(self):
        self.prepared()
        self.fetched()
        result = self.delete("--yes", "#2", status=64)
        self.assertHint(result, "#2 may be another message by now", "no terminal", "list home")
        self.assertEqual(self.numbers(), [1, 2, 3, 4])

    def test_without_a_profile_options_describe_the_account(self):
        self.prepared()
        account = json.loads(self.world.config.read_text())["accounts"]["home"]
        self.world.config.unlink()
        secret = self.world.path("secret")
        secret.write_text("secret")
        secret.chmod(0o600)
        options = ("--server", account["server"], "--user", "anna", "--tls", "none", "--password-file", secret)
        result = self.delete(*options, "--unfetched", "--yes", "uid-000002")
        self.assertEqual(result.out, b"anna@127.0.0.1: 1 message removed from the server\n")
        self.assertEqual(self.numbers(), [1, 3, 4])
        self.assertSays(self.delete(*options, "--yes", "uid-000003", status=64).err, "never delivered")

    def test_json_tells_what_was_removed(self):
        self.prepared()
        self.fetched()
        line, = self.json_lines(self.delete("--json", "--yes", "uid-000003"))
        self.assertEqual((line["event"], line["action"], line["uid"], line["reason"]),
                         ("message", "remove", "uid-000003", "delivered"))


class NotConfirmed(Delete):
    def test_only_a_confirmed_quit_counts(self):
        self.prepared()
        self.fetched()
        self.drop.answers[b"QUIT"] = lambda session, _: b"-ERR not now\r\n"
        result = self.delete("--yes", "uid-000001", status=75)
        self.assertHint(result, "did not confirm the removal of 1 message: it answered QUIT with -ERR not now",
                        "list home shows what is still there; delete it again")
        self.assertEqual(self.standings()["uid-000001"], "delivered")
        self.assertEqual(self.numbers(), [1, 2, 3, 4])

    def test_a_refused_removal_is_no_success(self):
        self.prepared()
        self.fetched()
        self.drop.answers[b"DELE"] = lambda session, number: b"-ERR read only\r\n" if number == b"2" else None
        result = self.delete("--yes", "uid-000001", "uid-000002", status=75)
        self.assertSays(result.err, "the server refused to remove message uid-000002: -ERR read only", "removed 1 of 2 messages",
                        "what it refused to remove is still there")
        self.assertEqual(self.numbers(), [2, 3, 4])
        self.assertEqual(self.standings()["uid-000002"], "delivered")


class Asking(Delete):
    def at_terminal(self, answer, *words, status):
        got, screen = at_a_terminal(self.world, "delete", *words, typed=answer, when=b"[y/N] ")
        self.assertEqual(got, status, screen)
        return screen.decode()

    def test_it_shows_the_messages_and_asks(self):
        self.prepared(b"From: Anna <anna@example.org>\r\nSubject: first\r\n\r\nx\r\n", *mail.small(1))
        self.fetched()
        self.drop.add(b"From: Zoe <zoe@example.org>\r\nSubject: third\r\n\r\nx\r\n")
        screen = self.at_terminal(b"y\n", "#1", "#3", "--unfetched", status=0)
        self.assertRegex(screen, r"#1 .*uid-000001 .*Anna .*first .*remove: delivered\r\n")
        self.assertRegex(screen, r"#3 .*uid-000003 .*Zoe .*third .*remove: never delivered\r\n")
        self.assertSays(screen, "1 of them was never delivered. Remove 2 messages from 127.0.0.1? [y/N] ",
                        "home: 2 messages removed from the server")
        self.assertEqual(self.numbers(), [2])

    def test_any_answer_but_yes_removes_nothing(self):
        self.prepared()
        self.fetched()
        for answer in (b"\n", b"n\n", b"q\n", b"\x03"):
            screen = self.at_terminal(answer, "uid-000001", status=130)
            self.assertEqual(self.numbers(), [1, 2, 3, 4], screen)
        self.assertSays(self.at_terminal(b"n\n", "uid-000001", status=130), "home: nothing was removed")

    def test_a_dry_run_shows_and_neither_asks_nor_removes(self):
        self.prepared()
        self.fetched()
        result = self.delete("-n", "uid-000001", "#2")
        self.assertSays(result.out.decode(), "uid-000001", "uid-000002", "home: 2 messages would be removed from the server")
        self.assertEqual(self.numbers(), [1, 2, 3, 4])
        lines = self.json_lines(self.delete("-n", "--json", "uid-000001"))
        self.assertEqual([(line["uid"], line["action"], line["reason"]) for line in lines], [("uid-000001", "remove", "delivered")])


if __name__ == "__main__":
    unittest.main()
