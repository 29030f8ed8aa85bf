"""Pages of HTML that ask for nothing beyond themselves: style and pictures are inside."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from gan_utils.course.formulas import with_formulas

MEDIA = {".png": "image/png", ".gif": "image/gif"}


def render(template: str, **values: Any) -> bytes:
    """Fill one of the package's templates; what is filled in is escaped, `with_formulas` too."""
    environment = Environment(
        loader=PackageLoader("gan_utils.course"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["with_formulas"] = with_formulas
    return environment.get_template(template).render(**values).encode()


def as_source(data: bytes, suffix: str) -> str:
    """The bytes of a picture as the source of an <img>."""
    return f"data:{MEDIA[suffix]};base64,{base64.b64encode(data).decode()}"


def picture_source(folder: Path, file: str) -> str | None:
    """A run's picture as the source of an <img>; None where there is none of that name."""
    # Only the name counts: a result edited by hand must not reach outside its folder.
    path = folder / Path(file).name
    if not path.is_file() or path.suffix not in MEDIA:
        return None
    return as_source(path.read_bytes(), path.suffix)
