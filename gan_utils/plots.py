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

plt.rcParams.update(
    {
        "figure.figsize": (7.0, 3.6),
        "figure.dpi": 110,
        "figure.constrained_layout.use": True,
        "font.size": 11,
        "axes.titlesize": 12,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.linewidth": 2.0,
        "image.cmap": "gray",
    }
)


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
    width = 7.0
    height = width * picture.shape[0] / picture.shape[1]
    figure, axes = plt.subplots(figsize=(width, height + 0.4 * bool(title)))
    _draw(axes, picture)
    axes.set_title(title)
    return figure


def image_rows(rows: dict[str, np.ndarray], title: str = "") -> Figure:
    """One labelled row of images an entry; every row keeps the order of its images."""
    figure, axes = plt.subplots(len(rows), 1, squeeze=False)
    height = sum(7.0 / len(images) for images in rows.values())
    figure.set_size_inches(7.6, height + 0.15 * len(rows) + 0.5)
    for panel, (label, images) in zip(axes[:, 0], rows.items(), strict=True):
        _draw(panel, mosaic(images, len(images)))
        panel.set_ylabel(label, rotation=0, ha="right", va="center")
    figure.suptitle(title, x=0.02, ha="left", fontsize=12)
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
    for place, (score, colour) in enumerate(zip(scores.values(), colours, strict=True)):
        axes.plot([score.low, score.high], [place, place], color=colour, alpha=0.5)
        axes.plot(float(score), place, "o", color=colour)
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
