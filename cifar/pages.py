"""Texts from templates that lie beside the code which fills them: HTML with every value escaped, Markdown as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def filled(template: Path, filters: dict[str, Callable[..., Any]] | None = None, **values: Any) -> str:
    """The text, without a line's end at its end; a name that the template lacks is an error."""
    world = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=template.suffix == ".html",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    world.filters |= filters or {}
    return world.get_template(template.name).render(**values)
