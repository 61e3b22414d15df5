# SPDX-License-Identifier: MIT
"""The lines that --json prints, compared with the schema that `config schema --output` gives."""
import functools
import json
import re
import subprocess

TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}


@functools.cache
def forms(binary):
    """The forms that a line may have, from the schema."""
    printed = subprocess.run([binary, "config", "schema", "--output"], check=True, capture_output=True).stdout
    return json.loads(printed)["anyOf"]


def fits(value, form):
    if "const" in form:
        return value == form["const"]
    kind = form["type"]
    return (isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
            and ("pattern" not in form or re.search(form["pattern"], value) is not None)
            and ("minimum" not in form or value >= form["minimum"])
            and all(fits(item, form["items"]) for item in (value if kind == "array" else ())))


def has_form(line, form):
    """Whether the line has this form. A field that the schema does not name is an error here."""
    named = form["properties"]
    return set(form["required"]) <= set(line) and all(name in named and fits(value, named[name]) for name, value in line.items())


def must_have_a_form(line, binary):
    assert any(has_form(line, form) for form in forms(binary)), "config schema --output does not know the line %r" % line
