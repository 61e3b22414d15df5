# SPDX-License-Identifier: MIT
"""A kernel may move few bytes at a time and interrupt every second call: everything still works."""
import os
import unittest

from crash.rows import PLACES, Row

SHORT_CALLS = os.environ["MAILHAUL_SHORT_CALLS"]  # the library of support/cpp/short_calls.cpp


class ShortCalls(unittest.TestCase):
    def with_calls_of(self, limit, interrupted):
        for place in PLACES:
            with self.subTest(place), Row(place, "remove") as row:
                row.world.env.update({"LD_PRELOAD": SHORT_CALLS, "SHORT_CALLS": str(limit)})
                if interrupted:
                    row.world.env["SHORT_CALLS_EINTR"] = "1"
                result = row.run()
                self.assertEqual(result.err, "")  # a library that cannot be preloaded would be reported here
                row.check_completed(result)

    def test_one_byte_at_a_time(self):
        self.with_calls_of(1, interrupted=False)

    def test_odd_pieces_and_interruptions(self):
        self.with_calls_of(1021, interrupted=True)


if __name__ == "__main__":
    unittest.main()
