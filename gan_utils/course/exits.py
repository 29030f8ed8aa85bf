"""How a command ends: with an exit code and one sentence, never with a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from gan_utils.errors import CourseError

BAD_INPUT = 2
INTERRUPTED = 130


@contextmanager
def one_sentence(code: int) -> Iterator[None]:
    """Turn a CourseError, or what the system says of a file, into a sentence and an exit code."""
    try:
        yield
    except CourseError as error:
        said = str(error)
    except OSError as error:
        if error.filename is None:  # no matter of a file that the user named
            raise
        reason = (error.strerror or str(error)).lower()
        said = f"{error.filename} cannot be used ({reason}): give another path."
    else:
        return
    click.echo(f"Error: {said}", err=True)
    raise SystemExit(code)
