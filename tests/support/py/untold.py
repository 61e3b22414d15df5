# SPDX-License-Identifier: MIT
"""No run of the program tells a secret: whatever the suites see of it (standard output and error, terminals, the state that it
leaves behind) is searched for the password of the tests' servers, for OAuth 2 tokens, and for both in base64."""
import base64
import re

# The word alone is also one that people use: where the program means it, it stands in one of these.
MEANT = (b"client's secret", b"Create no secret")
WORD = re.compile(rb"(?<![\w./-])secret(?![\w/-])")


def in_base64(secret):
    """What base64 makes of these bytes, wherever they stand among others: the digits that depend on nothing else."""
    for before in range(3):
        digits = base64.b64encode(b"x" * before + secret)
        yield digits[-(-8 * before // 6):8 * (before + len(secret)) // 6]


ENCODED = re.compile(b"|".join(map(re.escape, in_base64(b"secret"))))


def told(data, secrets=()):
    """What is told, with the text around it; None: nothing. `secrets`: words that nobody uses."""
    found = [at.start() for pattern in (WORD, ENCODED) for at in pattern.finditer(data)]
    for secret in filter(None, secrets):
        for form in (secret.encode(), *in_base64(secret.encode())):
            found += [data.find(form)] if form in data else []
    for at in found:
        around = data[max(0, at - 30):at + 40]
        if not any(words in around for words in MEANT):
            return around
    return None
