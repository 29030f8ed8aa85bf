"""Folders of small pictures, drawn with Pillow: pairs in both forms, and two domains."""

from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 84, 70
COLOURS = ((230, 159, 0), (0, 114, 178), (0, 158, 115))


def picture(number: int, filled: bool) -> Image.Image:
    """A disc on white, as an outline or filled; its place and its colour follow from its number."""
    made = Image.new("RGB", (WIDTH, HEIGHT), "white")
    x, y, radius = 30 + 5 * (number % 5), 28 + 4 * (number % 4), 10 + 2 * (number % 3)
    look = {"fill": COLOURS[number % 3]} if filled else {"outline": "black", "width": 3}
    ImageDraw.Draw(made).ellipse((x - radius, y - radius, x + radius, y + radius), **look)
    return made


def save_folders(folder: Path, counts: tuple[int, int] = (6, 6)) -> Path:
    """Outlines in A and filled discs in B, so many of each; of the same name is of the same disc.

    With as many in both these are pairs.
    """
    for side, count, filled in zip("AB", counts, (False, True), strict=True):
        (folder / side).mkdir(parents=True)
        for number in range(count):
            picture(number, filled).save(folder / side / f"{number}.png")
    return folder


def save_side_by_side(folder: Path, count: int = 6) -> Path:
    """The same pairs, each in one file: the outline at the left, the filled disc at the right."""
    for number in range(count):
        both = Image.new("RGB", (2 * WIDTH, HEIGHT))
        for place, filled in enumerate((False, True)):
            both.paste(picture(number, filled), (place * WIDTH, 0))
        both.save(folder / f"{number}.png")
    return folder
