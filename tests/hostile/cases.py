# SPDX-License-Identifier: MIT
"""All cases, section by section. Names are unique within a section."""
from hostile import listing_cases, login_cases, message_cases, removal_cases, reply_cases, tls_cases

SECTIONS = {
    "TLS": tls_cases.CASES,
    "Answers, pipelining, endings": reply_cases.CASES,
    "Listings": listing_cases.CASES,
    "Messages": message_cases.CASES,
    "Logins, echoes, escapes": login_cases.CASES,
    "Removals": removal_cases.CASES,
}
