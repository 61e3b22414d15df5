# SPDX-License-Identifier: MIT
"""A kernel that moves few bytes at a time and interrupts every other call, as it may: all is as ever."""
import os
import unittest

from support.rows import ALL_ROWS, Row

SHORT_CALLS = os.environ["MAILHAUL_SHORT_CALLS"]  # the library of support/short_calls.cpp


class ShortCalls(unittest.TestCase):
    def with_calls_of(self, limit, interrupted):
        for place, keep in ALL_ROWS:
            with self.subTest("%s, %s" % (place, keep)), Row(place, keep) as row:
                row.world.env.update({"LD_PRELOAD": SHORT_CALLS, "SHORT_CALLS": str(limit)})
                if interrupted:
                    row.world.env["SHORT_CALLS_EINTR"] = "1"
                row.check_completed(row.run())

    def test_one_byte_at_a_time(self):
        self.with_calls_of(1, interrupted=False)

    def test_odd_pieces_and_interruptions(self):
        self.with_calls_of(1021, interrupted=True)

    def test_it_is_at_work(self):
        with Row("maildir", "leave") as row:
            row.world.env.update({"LD_PRELOAD": SHORT_CALLS, "SHORT_CALLS": "0"})
            self.assertNotEqual(row.run().status, 0, "nothing can be read any more")


if __name__ == "__main__":
    unittest.main()
