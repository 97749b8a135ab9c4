"""How a docstring becomes Markdown on the API pages: an extension of griffe, which reads the docstrings for mkdocstrings.

A column of names with what they mean is a list, a doctest is code, and a star is a star: in a docstring it marks what is the
teacher's, or multiplies. Indented blocks are code already.
"""

from __future__ import annotations

import re

import griffe

ENTRY = re.compile(r"(\w+(?:, \w+)*) {2,}(\S.*)")  # names, two spaces or more, what they mean
CODE = re.compile(r"(`[^`]*`)")


def markdown(docstring: str) -> str:
    """A docstring's text as Markdown, paragraph by paragraph."""
    return "\n\n".join(map(_paragraph, re.split(r"\n\s*\n", docstring.strip("\n"))))


def _paragraph(text: str) -> str:
    lines = text.splitlines()
    if lines[0].startswith("    "):
        return text
    if lines[0].startswith(">>> "):
        return "```python\n" + text + "\n```"
    if not ENTRY.fullmatch(lines[0]):
        return _starred(text)
    out: list[str] = []
    for line in lines:
        entry = ENTRY.fullmatch(line)
        if entry:
            out.append(f"- `{entry[1]}`: {_starred(entry[2])}")
        elif line.startswith(" "):
            out.append(f"  {_starred(line.strip())}")
        else:  # a sentence after the column
            out.append(f"\n{_starred(line)}")
    return "\n".join(out)


def _starred(text: str) -> str:
    """Stars that are not code as they are."""
    return "".join(part if n % 2 else part.replace("*", r"\*") for n, part in enumerate(CODE.split(text)))


class Docstrings(griffe.Extension):
    """Every docstring that is shown, as Markdown."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        if obj.docstring is not None:
            obj.docstring.value = markdown(obj.docstring.value)
