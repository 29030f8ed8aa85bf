"""Figures of images: their shape, and that words and images keep clear of each other."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

from gan_utils import figures

GREY = np.full((12, 28, 28, 1), 128, np.uint8)
TITLE = "The same 200 steps, other rates: FD 167 (equal), 173 (D × 30), 493 (G × 30)"
LONGEST = "non-saturating, 2,000"


@pytest.fixture(autouse=True)
def styled():
    """The course's style for one test, and no figure left."""
    with mpl.rc_context():
        figures.use_style()
        yield
        figures.plt.close("all")


def test_the_style_comes_by_a_call_and_not_by_an_import():
    program = (
        "import matplotlib, matplotlib.pyplot as plt\n"
        "before = dict(plt.rcParams)\n"
        "import gan_utils.figures as figures\n"
        "assert dict(plt.rcParams) == before\n"
        "figures.use_style()\n"
        "changed = {key for key, value in plt.rcParams.items() if value != before[key]}\n"
        "assert changed and changed <= set(figures.STYLE), changed\n"
        "assert plt.figure().get_size_inches().tolist() == [figures.WIDTH, figures.HEIGHT]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 10, 11])
@pytest.mark.parametrize("label", ["", LONGEST, "two lines\n0.5, 0.8, 1.2"])
def test_rows_of_images_fit_on_a_slide(count, label):
    rows = {
        f"{label}{i}": np.full((12, 28, 28, 1 + 2 * (i % 2)), i, np.uint8) for i in range(count)
    }
    figure = figures.image_rows(rows, TITLE)
    figure.canvas.draw()
    width, height = figure.get_size_inches()
    assert width == figures.WIDTH and height <= figures.HEIGHT + 1e-9
    *texts, title = figure.texts
    assert [text.get_text() for text in texts] == [f"{label}{i}" for i in range(count)]
    *words, title = [text.get_window_extent() for text in (*texts, title)]
    images = [axes.images[0].get_window_extent() for axes in figure.axes]
    assert [axes.images[0].get_array().max() for axes in figure.axes] == list(range(count))
    # Down the left column, and then down the right one.
    half = count if count <= figures.STACKED else -(-count // 2)
    for row, image in enumerate(images):
        assert (image.x0 > figure.bbox.x1 / 2) == (row >= half)
        assert row in (0, half) or image.y1 < images[row - 1].y0
    # Each label ends at its images, in the middle of their height.
    for word, image in zip(words, images, strict=True):
        assert 0 < image.x0 - word.x1 < 20
        assert np.isclose(word.y0 + word.y1, image.y0 + image.y1, atol=8)
    for box in (*words, *images, title):
        assert box.x0 >= 0 and box.y0 >= 0
        assert box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1
    for row, word in enumerate(words):
        assert not any(word.overlaps(box) for box in (*images, title)), row
        assert not any(word.overlaps(other) for other in words[:row]), row
    # A row of twelve is never so small that a garment cannot be told: 12 of 28 pixels or more.
    assert min(image.height for image in images) > 12


@pytest.mark.parametrize(("count", "columns"), [(100, 20), (60, 15), (24, 8), (25, 5)])
def test_a_grid_of_images_fits_on_a_slide(count, columns):
    figure = figures.image_grid(np.repeat(GREY, 9, axis=0)[:count], columns, TITLE)
    figure.canvas.draw()
    width, height = figure.get_size_inches()
    assert width == figures.WIDTH and height <= figures.HEIGHT + 1e-9
    (axes,) = figure.axes
    image, title = axes.images[0].get_window_extent(), axes._left_title.get_window_extent()
    assert image.y1 <= title.y0 and title.x1 <= figure.bbox.x1 and image.x0 < 20
    assert image.width / image.height == pytest.approx(columns / -(-count // columns), rel=0.02)


def test_images_keep_their_order():
    images = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
    picture = figures.mosaic(images, 4)
    assert picture.shape == (4, 12)
    assert picture[::2, ::3].tolist() == [[0, 1, 2, 3], [4, 5, 255, 255]]
