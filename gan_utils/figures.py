"""Figures of the course: grids of images, strips over time, curves with bands, animations.

Every figure carries one message in its title and alternative text for those who cannot see it.
The colours are those of Okabe and Ito, which colour-blind readers can tell apart; each thing keeps
its colour through the course.
"""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

from gan_utils.metrics.score import Score

COLOURS = {
    "real": "#0072B2",
    "generated": "#D55E00",
    "minimax": "#CC79A7",
    "non_saturating": "#E69F00",
    "wasserstein": "#009E73",
    "relativistic": "#56B4E9",
    "theory": "#000000",
    "shade": "#D9D9D9",
}

# Slides show the figures of the lessons 1152 pixels wide and at most 512 high, 440 below words. In
# that shape, and with no text below `font.size`, they can be read from the last row.
WIDTH, HEIGHT = 7.2, 3.2  # inches
TITLE, GAP = 0.36, 0.09  # inches that a title and the space around an image take
STACKED = 5  # rows of images that fit below each other

STYLE = {
    "figure.figsize": (WIDTH, HEIGHT),
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "figure.titlesize": 12,
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 2.0,
    "image.cmap": "gray",
}


def use_style() -> None:
    """Draw from now on as the course does; the start of a run calls it.

    Sets Matplotlib's parameters in `STYLE` for the whole process.
    """
    plt.rcParams.update(STYLE)


def png(figure: Figure) -> bytes:
    """The figure as a PNG file; the figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()


def show(picture: Figure | bytes, alt: str) -> None:
    """Displays a figure, or the bytes of a PNG or GIF file, with alternative text.

    The text reaches screen readers in JupyterLab, in HTML exports and, as plain text, wherever
    pictures cannot be drawn.
    """
    data = picture if isinstance(picture, bytes) else png(picture)
    kind = "image/gif" if data.startswith(b"GIF8") else "image/png"
    display({kind: data, "text/plain": alt}, metadata={kind: {"alt": alt}}, raw=True)


def mosaic(images: np.ndarray, columns: int) -> np.ndarray:
    """uint8 images (n, h, w, c), row by row, as one picture (rows · h, columns · w[, 3]).

    The last row is filled up with white.
    """
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    cells = np.full((rows * columns, height, width, channels), 255, np.uint8)
    cells[:count] = images
    picture = cells.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    picture = picture.reshape(rows * height, columns * width, channels)
    return picture[..., 0] if channels == 1 else picture


def _draw(axes, picture):
    axes.imshow(picture, vmin=0, vmax=255, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def image_grid(images: np.ndarray, columns: int = 8, title: str = "") -> Figure:
    """All the images, in their order, `columns` in a row."""
    picture = mosaic(images, columns)
    above = TITLE * bool(title)
    height = min(WIDTH * picture.shape[0] / picture.shape[1], HEIGHT - above)
    figure, axes = plt.subplots(figsize=(WIDTH, height + above))
    _draw(axes, picture)
    axes.set_anchor("NW")
    axes.set_title(title)
    return figure


def image_rows(rows: dict[str, np.ndarray], title: str = "") -> Figure:
    """One labelled row of square images an entry; every row keeps the order of its images.

    More than `STACKED` rows stand in two columns, the first half of them at the left; a slide has
    room for twice six.
    """
    columns = 1 if len(rows) <= STACKED else 2
    count = -(-len(rows) // columns)
    figure = plt.figure(layout="none")
    words = [figure.text(0, 0, label, ha="right", va="center") for label in rows]
    boxes = [word.get_window_extent() for word in words]
    wide, high = max(box.width for box in boxes), max(box.height for box in boxes)
    left = wide / figure.dpi + 2 * GAP
    longest = max(len(images) for images in rows.values())
    side = min((WIDTH / columns - left) / longest, (HEIGHT - TITLE) / count - GAP)
    pitch = max(side, high / figure.dpi) + GAP
    height = count * pitch + TITLE
    figure.set_size_inches(WIDTH, height)
    for number, (word, images) in enumerate(zip(words, rows.values(), strict=True)):
        column, row = divmod(number, count)
        x = column * WIDTH / columns + left
        middle = height - TITLE - (row + 0.5) * pitch
        word.set_position(((x - GAP) / WIDTH, middle / height))
        box = (x / WIDTH, (middle - side / 2) / height, side * len(images) / WIDTH, side / height)
        _draw(figure.add_axes(box), mosaic(images, len(images)))
    figure.suptitle(title, x=0.01, y=1 - GAP / height, ha="left", va="top")
    return figure


def band(axes, steps, values, label: str, colour: str) -> None:
    """A mean line with the range over runs as a band, labelled where the line ends.

    values: (runs, steps).
    """
    values = np.atleast_2d(values)
    mean = values.mean(axis=0)
    if len(values) > 1:
        axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2)
    axes.plot(steps, mean, color=colour)
    axes.annotate(
        label, (steps[-1], mean[-1]), xytext=(4, 0), textcoords="offset points", color=colour,
        va="center",
    )  # fmt: skip


def intervals(axes, scores: dict[str, Score], colours: str | list[str]) -> None:
    """A labelled dot with its interval for every entry, the first one on top."""
    colours = [colours] * len(scores) if isinstance(colours, str) else colours
    for row, (score, colour) in enumerate(zip(scores.values(), colours, strict=True)):
        axes.plot([score.low, score.high], [row, row], color=colour, alpha=0.5)
        axes.plot(float(score), row, "o", color=colour)
    axes.set_yticks(range(len(scores)), scores)
    axes.set_ylim(len(scores) - 0.5, -0.5)


def animation(frames: list[np.ndarray], milliseconds: int = 150, zoom: int = 1) -> bytes:
    """uint8 pictures (h, w[, 3]) as a GIF that repeats; the last one stays for a second."""
    pictures = [Image.fromarray(np.kron(f, np.ones((zoom, zoom), np.uint8))) for f in frames]
    durations = [milliseconds] * (len(pictures) - 1) + [1000]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, format="GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0
    )
    return buffer.getvalue()
