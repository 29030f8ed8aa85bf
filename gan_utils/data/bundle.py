"""The data files that travel with the package: where they lie, and whether they are whole."""

import hashlib
import json
from pathlib import Path

from gan_utils.errors import DataError


def data_dir() -> Path:
    """The folder of the bundled data: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent / "data"


def read_json(path: Path) -> dict:
    """The content of a JSON file that a script of the course wrote, such as checksums.json."""
    try:
        return json.loads(_read(path))
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}); install gan-course again.") from error


def read_verified(path: Path, expected: str) -> bytes:
    """The bytes of a bundled file, once their SHA-256 is seen to be `expected` (hexadecimal)."""
    content = _read(path)
    digest = hashlib.sha256(content).hexdigest()
    if digest != expected:
        raise DataError(
            f"{path} is damaged or was changed: its SHA-256 begins {digest[:12]} and should begin "
            f"{expected[:12]}; install gan-course again."
        )
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}); install gan-course again."
        ) from error
