"""The arrays of data/emoji.npz, which data/build.py writes: what is taken, and how it is split.

Sources: the npm packages `emoji-datasource-google` and `emoji-datasource-twitter` 16.0.0. Each has
a list of all emoji with their places on a sheet, and a sheet of them in the style of one maker. Of
the sheets the "clean" ones are taken, which fill no gap with the drawings of another maker.

The split uses no random numbers. It deals out families: an emoji with its skin tones, and with the
woman, the man and the person of the same code points. The key of a family or an emoji is the
SHA-256 of its code points as text. In each category the families with the lowest keys are for
tests, and both parts are ordered by the keys of their emoji read backwards.
"""

import io
import json
import tarfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from packing import Arrays, read_tarball, sha256, shares
from PIL import Image

from gan_utils.data.emoji import halve

# Two of the four styles: those of Apple and Facebook are not free.
PACKAGES = {style: f"emoji-datasource-{style}@16.0.0" for style in ("google", "twitter")}
SHA256 = {
    "google": "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
    "twitter": "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
}
SIZE = 64  # pixels of an emoji on its sheet, with one more on each side
TONES = ("1F3FB", "1F3FD", "1F3FF")  # light, medium and dark, three of five
SWATCHES = "Component"  # the category of the skin tones themselves, which are no pictures
WRONG = ("1F1E8-1F1F6",)  # Sark, for which Google's sheet shows the flag of Saudi Arabia
TEST_PART = 10  # one family in ten is for tests
NEARLY_WHITE = 0.05  # share of pixels that are not white, below which there is no picture

GENDERED = {"1F468": "1F9D1", "1F469": "1F9D1", "1F466": "1F9D2", "1F467": "1F9D2"}
SIGNS = ("2640", "2642", "27A1")  # after a joiner: woman, man, facing to the right


class Emoji(NamedTuple):
    """One emoji: its code points ("1F385-1F3FB"), whose family it is in, and where it is drawn."""

    code_points: str
    family: str
    category: str
    column: int
    row: int


def family(code_points: str) -> str:
    """The code points of a base emoji without what tells a woman from a man or a person."""
    first, *joined = (part.removesuffix("-FE0F") for part in code_points.split("-200D-"))
    parts = [first, *(part for part in joined if part not in SIGNS)]
    return "-".join(GENDERED.get(part, part) for part in parts)


def listed(entries: list[dict]) -> list[Emoji]:
    """All emoji that both styles have, in the order of the Unicode charts, tones after the base."""
    found = []
    for base in sorted(entries, key=lambda entry: entry["sort_order"]):
        tones = base.get("skin_variations", {})
        if base["category"] == SWATCHES or base["unified"] in WRONG:
            continue
        for drawn in (base, *(tones[tone] for tone in TONES if tone in tones)):
            if all(drawn[f"has_img_{style}"] for style in PACKAGES):
                place = drawn["sheet_x"], drawn["sheet_y"]
                kin = family(base["unified"])
                found.append(Emoji(drawn["unified"], kin, base["category"], *place))
    return found


def on_white(sheet: np.ndarray) -> np.ndarray:
    """RGBA (h, w, 4) on a plain white ground: uint8 (h, w, 3), rounded."""
    colour, alpha = sheet[..., :3].astype(np.uint16), sheet[..., 3:].astype(np.uint16)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def cut(sheet: np.ndarray, emoji: list[Emoji]) -> np.ndarray:
    """The pictures of a sheet, uint8 (n, SIZE, SIZE, 3)."""
    step = SIZE + 2
    corners = [(1 + one.row * step, 1 + one.column * step) for one in emoji]
    return np.stack([sheet[y : y + SIZE, x : x + SIZE] for y, x in corners])


def distinct(*styles: np.ndarray) -> list[int]:
    """Rows whose picture is new in every style: of equal ones the first stays."""
    seen, rows = set(), []
    for row, pictures in enumerate(zip(*styles, strict=True)):
        found = {(style, picture.tobytes()) for style, picture in enumerate(pictures)}
        if not found & seen:
            rows.append(row)
        seen |= found
    return rows


def split(emoji: list[Emoji], labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows for training and for tests, uint16, such that no family has rows in both."""
    category = dict(zip((one.family for one in emoji), labels, strict=True))
    kin = sorted(category, key=lambda name: sha256(name.encode()))
    classes = np.array([category[name] for name in kin])
    test = set()
    for label, count in enumerate(shares(classes, round(len(kin) / TEST_PART))):
        test |= {kin[k] for k in np.flatnonzero(classes == label)[:count]}
    keys = [sha256(one.code_points.encode())[::-1] for one in emoji]
    order = np.argsort(keys)
    held_out = np.array([emoji[row].family in test for row in order])
    return order[~held_out].astype(np.uint16), order[held_out].astype(np.uint16)


def read(tarballs: dict[str, Path]) -> tuple[list[dict], dict[str, np.ndarray]]:
    """The list of all emoji, and the sheet of each style on white, from the two tarballs."""
    sheets = {}
    for style, package in PACKAGES.items():
        raw = read_tarball(tarballs[style], package, SHA256[style])
        with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
            entries = json.load(archive.extractfile("package/emoji.json"))
            sheet = archive.extractfile(f"package/img/{style}/sheets-clean/{SIZE}.png").read()
        sheets[style] = on_white(np.asarray(Image.open(io.BytesIO(sheet)).convert("RGBA")))
    return entries, sheets


def emoji_arrays(tarballs: dict[str, Path]) -> Arrays:
    """All arrays of emoji.npz; `train` and `test` are rows of the others.

    The pictures stand as the charts have them, tone after tone: LZMA finds what was there before.
    """
    entries, sheets = read(tarballs)
    emoji = listed(entries)
    google, twitter = (cut(sheets[style], emoji) for style in ("google", "twitter"))
    rows = distinct(google, twitter)
    print(f"emoji: {len(emoji)} are drawn in both styles, {len(rows)} of them differently.")
    emoji, google, twitter = [emoji[row] for row in rows], google[rows], halve(twitter[rows])
    for pictures in (google, twitter):
        assert (pictures < 250).any(axis=3).mean(axis=(1, 2)).min() > NEARLY_WHITE
    categories = list(dict.fromkeys(one.category for one in emoji))
    labels = np.array([categories.index(one.category) for one in emoji], np.uint8)
    train, test = split(emoji, labels)
    return {
        "google_64": google,
        "twitter_32": twitter,
        "labels": labels,
        "categories": np.array(categories),
        "code_points": np.array([one.code_points for one in emoji]),
        "train": train,
        "test": test,
    }
