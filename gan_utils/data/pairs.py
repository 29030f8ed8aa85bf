"""Images in two domains: pairs that belong together, and domains that nobody paired."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gan_utils.data.checks import check_choice
from gan_utils.data.folders import checked_folder
from gan_utils.data.listing import image_files
from gan_utils.data.pictures import read_all, read_image, square
from gan_utils.errors import DataError

SIDES = ("A", "B")  # the folders of a data set in two domains


@dataclass(frozen=True)
class Domains:
    """Images of two domains, uint8 (n, size, size, channels) each.

    Where they are `paired`, row i of `a` belongs to row i of `b`.
    """

    a: np.ndarray
    b: np.ndarray
    paired: bool
    name: str


def load_pairs(
    path: str | Path,
    size: int = 64,
    channels: int = 3,
    limit: int | None = None,
    other: str | Path | None = None,
) -> Domains:
    """Pairs of images from a folder, in one of the forms in which they come.

    Either it holds folders A and B, in which images of the same name, whatever their endings, are a
    pair; or each of its files holds both images side by side, A at the left (Isola et al. 2017).
    Images are cut to their central square and resized to `size` pixels, in order of their names.

    channels: 1 for grey, 3 for colour. limit: at most this many pairs.
    other: the folder of B where A and B lie apart; `path` is then that of A.

    Raises `DataError` for a folder without pairs, an image without a partner, two of one name in a
    folder, a file of odd width, and an image that cannot be read.
    """
    folder = checked_folder(path, size, limit)
    check_choice("number of channels", channels, (1, 3))
    if other is not None:
        rows = _pairs_of_two_folders(
            folder, checked_folder(other, size, limit), size, channels, limit
        )
    elif all((folder / side).is_dir() for side in SIDES):
        rows = _pairs_of_two_folders(*(folder / side for side in SIDES), size, channels, limit)
    else:
        files = image_files(folder)[:limit]
        rows = read_all(files, lambda file: _halves(file, size, channels))
    if not rows:
        raise DataError(
            f"{folder} holds no pairs; give one with folders A and B, or with files that hold both "
            f"images side by side."
        )
    a, b = (np.stack([row[side] for row in rows]) for side in (0, 1))
    return Domains(a, b, True, folder.resolve().name)


def load_domains(
    path: str | Path,
    size: int = 64,
    channels: int = 3,
    limit: int | None = None,
    other: str | Path | None = None,
) -> Domains:
    """Images of two domains without pairs, from the folders A and B, or trainA and trainB, in one.

    channels: 1 for grey, 3 for colour. limit: at most this many images a domain. The rest as in
    `load_pairs`, but that the two folders may hold different numbers of images of any name.
    """
    folder = checked_folder(path, size, limit)
    check_choice("number of channels", channels, (1, 3))
    sides = _sides(folder) if other is None else [folder, checked_folder(other, size, limit)]
    domains = []
    for side in sides:
        files = image_files(side)[:limit]
        if not files:
            raise DataError(f"{side} holds no images; give at least one of each domain.")
        images = read_all(files, lambda file: square(read_image(file, channels), size))
        domains.append(np.stack(images))
    return Domains(*domains, False, folder.resolve().name)


def _sides(folder: Path) -> list[Path]:
    for prefix in ("", "train"):
        sides = [folder / f"{prefix}{side}" for side in SIDES]
        if all(side.is_dir() for side in sides):
            return sides
    raise DataError(
        f"{folder} holds no folders A and B, nor trainA and trainB; give one that does, or the "
        f"folders of both domains."
    )


def _pairs_of_two_folders(
    a: Path, b: Path, size: int, channels: int, limit: int | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    left, right = _by_name(a), _by_name(b)
    if lonely := sorted(left.keys() ^ right.keys()):
        side = a if lonely[0] in left else b
        raise DataError(
            f"{a} holds {len(left)} images and {b} holds {len(right)}, and {lonely[0]!r} is in "
            f"{side} alone; give each image a partner of the same name."
        )
    names = sorted(left)[:limit]
    files = [side[name] for name in names for side in (left, right)]
    images = read_all(files, lambda file: square(read_image(file, channels), size))
    return list(zip(images[::2], images[1::2], strict=True))


def _by_name(folder: Path) -> dict[str, Path]:
    files = image_files(folder)
    named = {file.stem: file for file in files}
    if twice := [file for file in files if named[file.stem] != file]:
        raise DataError(
            f"{folder} holds {twice[0].name} beside {named[twice[0].stem].name}; give each image a "
            f"name of its own."
        )
    return named


def _halves(file: Path, size: int, channels: int) -> tuple[np.ndarray, np.ndarray]:
    both = read_image(file, channels)
    if both.width % 2:
        raise DataError(
            f"{file} is {both.width} pixels wide, which two images side by side cannot be; give "
            f"files of even width, or folders A and B."
        )
    middle = both.width // 2
    left, right = (0, 0, middle, both.height), (middle, 0, both.width, both.height)
    return square(both.crop(left), size), square(both.crop(right), size)
