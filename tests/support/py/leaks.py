# SPDX-License-Identifier: MIT
"""No run of the program may reveal a secret: everything that the suites see of a run (standard output and error,
terminals, the state that it leaves behind) is searched for the password of the tests' servers, for OAuth 2 tokens,
and for both in base64."""
import base64
import re

# The password is also an ordinary word. Where the program means that word, it is part of one of these.
MEANT = (b"client's secret", b"Create no secret")
WORD = re.compile(rb"(?<![\w./-])secret(?![\w/-])")


def in_base64(secret):
    """The base64 digits that depend only on these bytes, for each position that they can have among others."""
    for before in range(3):
        digits = base64.b64encode(b"x" * before + secret)
        yield digits[-(-8 * before // 6):8 * (before + len(secret)) // 6]


ENCODED = re.compile(b"|".join(map(re.escape, in_base64(b"secret"))))


def found_secret(data, secrets=()):
    """Returns the first secret in the data with the text around it, or None. `secrets`: more secrets, which are
    no ordinary words."""
    found = [at.start() for pattern in (WORD, ENCODED) for at in pattern.finditer(data)]
    for secret in filter(None, secrets):
        for form in (secret.encode(), *in_base64(secret.encode())):
            found += [data.find(form)] if form in data else []
    for at in found:
        around = data[max(0, at - 30):at + 40]
        if not any(words in around for words in MEANT):
            return around
    return None
