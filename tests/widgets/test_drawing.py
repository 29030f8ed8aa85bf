"""Sheets to draw on: lines that become garments, holes that are filled."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("anywidget")

from gan_utils.errors import DataError, ParameterError
from gan_utils.widgets.drawing import Eraser, Sketcher, eraser_pad, sketch_pad

EMPTY = np.zeros((28, 28), bool)


def drawing(*pixels):
    drawn = EMPTY.copy()
    for row, column in pixels:
        drawn[row, column] = True
    return drawn


def lines(*pixels):
    return np.uint8(255) * drawing(*pixels)[..., None]


def text(drawn):
    """What the browser sends of a drawing."""
    return "".join("1" if on else "0" for on in drawn.ravel())


# --- lines ------------------------------------------------------------------------------------


EXAMPLES = np.stack([lines((3, 4)), lines((9, 9), (9, 10))])


class NamesBySize:
    """Takes garments with fewer than 100 dark pixels for shoes, and is surer the fewer they are."""

    test = SimpleNamespace(class_names=("Sneaker", "Coat"))

    def probabilities(self, images):
        large = (images < 128).sum(axis=(1, 2, 3)) / 200
        return np.stack([1 - large, large], axis=1)


@pytest.fixture
def sketcher():
    return Sketcher(lambda images: 255 - images, EXAMPLES, NamesBySize())


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (0, lines((5, 6), (9, 9))),
        (1, lines((5, 6), (9, 9), (3, 4))),
        (2, lines((5, 6), (9, 9), (9, 10))),  # which share a pixel
    ],
)
def test_the_garment_is_that_of_the_drawn_lines_and_the_examples(sketcher, example, expected):
    answer = sketcher.draw(drawing((5, 6), (9, 9)), example)
    assert list(answer.rows) == ["lines", "garment"]
    np.testing.assert_array_equal(answer.rows["lines"], expected[None])
    np.testing.assert_array_equal(answer.rows["garment"], 255 - expected[None])
    below = EXAMPLES[example - 1] if example else lines()
    np.testing.assert_array_equal(answer.backdrop, below)


def test_the_judge_names_the_garment_and_says_how_sure_it_is(sketcher):
    drawn = EMPTY.copy()
    drawn[:2, :17] = True  # 34 pixels
    assert sketcher.draw(drawn).words == "The judge takes it for the class Sneaker (83 %)."
    drawn[10:20, :15] = True  # 150 more
    assert sketcher.draw(drawn).words == "The judge takes it for the class Coat (92 %)."


def test_an_empty_sheet_invites_to_draw_and_asks_nobody():
    answer = Sketcher(None, EXAMPLES, None).draw(EMPTY)
    assert answer.words.startswith("Draw the lines") and not answer.rows
    np.testing.assert_array_equal(answer.backdrop, lines())
    blank = Sketcher(None, np.zeros((1, 28, 28, 1), np.uint8), None).draw(EMPTY, 1)
    assert blank.words == answer.words


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda s: s.draw(EMPTY, 3), ParameterError, "no example 3: give a number from 1 to 2, or"),
        (lambda s: s.draw(EMPTY, -1), ParameterError, "no example -1"),
        (lambda s: s.draw(EMPTY[1:]), ParameterError, r"drawn has shape \(27, 28\): give \(28, 28"),
        (
            lambda s: Sketcher(s.translate, EXAMPLES[..., 0], s.judge),
            DataError,
            r"examples is uint8 of shape \(2, 28, 28\): give uint8 images \(n, 28, 28, 1\)",
        ),
        (
            lambda s: Sketcher(s.translate, EXAMPLES[:0], s.judge),
            DataError,
            r"examples is uint8 of shape \(0, .* at least one",
        ),
        (
            lambda s: Sketcher(lambda x: x / 255, EXAMPLES, s.judge).draw(EMPTY, 1),
            DataError,
            "what translate returns is float64",
        ),
    ],
)
def test_a_sketcher_says_what_is_wrong(sketcher, ask, error, words):
    with pytest.raises(error, match=words):
        ask(sketcher)


def test_the_sketch_pad_has_a_slider_for_its_examples(sketcher):
    panel = sketch_pad(sketcher)
    pad, (slider,) = panel.setup["pad"], panel.setup["sliders"]
    assert (pad["size"], pad["brush"]) == (28, 1) and (slider["low"], slider["high"]) == (0, 2)
    assert not panel.answer_to({}).rows  # nothing is drawn, and no example is chosen
    answer = panel.answer_to({"drawn": text(drawing((5, 6))), "example": 1})
    np.testing.assert_array_equal(answer.rows["lines"][0], lines((5, 6), (3, 4)))
    with pytest.raises(ParameterError, match="example is 3"):
        panel.answer_to({"example": 3})


# --- holes ------------------------------------------------------------------------------------


IMAGES = np.full((2, 28, 28, 1), 100, np.uint8)
IMAGES[1] = 0


def with_level(*levels):
    """A way that fills the hole with each of these grey levels, a completion each."""

    def complete(images, missing):
        return np.concatenate([np.where(missing, np.uint8(level), images) for level in levels])

    return complete


def test_each_way_completes_the_erased_image_and_is_scored_by_its_first():
    given = []

    def two(images, missing):
        given.append((images, missing))
        return with_level(110, 100)(images, missing)

    eraser = Eraser(IMAGES, {"two": two, "exact": with_level(100), "worse": with_level(50)})
    hole = drawing((1, 1), (1, 2), (20, 27))
    answer = eraser.rub_out(hole, 0)

    ((images, missing),) = given
    assert missing.dtype == bool
    np.testing.assert_array_equal(missing, hole[None, ..., None])
    np.testing.assert_array_equal(images, np.where(hole, 128, 100)[None, ..., None])
    assert list(answer.rows) == ["erased", "two", "exact", "worse", "truth"]
    np.testing.assert_array_equal(answer.rows["erased"], images)
    np.testing.assert_array_equal(answer.rows["truth"], IMAGES[:1])
    assert len(answer.rows["two"]) == 2 and (answer.rows["two"][0][hole] == 110).all()

    by_hand = [20 * math.log10(255 / off) for off in (10, 50)]  # only the hole counts
    assert answer.table[1:] == [
        ["two", f"{by_hand[0]:.1f}"], ["exact", "inf"], ["worse", f"{by_hand[1]:.1f}"],
    ]  # fmt: skip
    assert answer.words.startswith("3 of 784 pixels are missing") and "two 28.1 dB" in answer.words


def test_the_backdrop_is_the_image_that_is_rubbed_out():
    eraser = Eraser(IMAGES, {"black": with_level(0)})
    for number in (0, 1):
        for drawn in (EMPTY, drawing((5, 5))):
            answer = eraser.rub_out(drawn, number)
            np.testing.assert_array_equal(answer.backdrop, IMAGES[number])


def test_nothing_rubbed_out_invites_to_draw_and_asks_nobody():
    answer = Eraser(IMAGES, {"none": None}).rub_out(EMPTY, 1)
    assert answer.words.startswith("Draw a hole") and not answer.table
    assert list(answer.rows) == ["image"]
    np.testing.assert_array_equal(answer.rows["image"], IMAGES[1:])


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda e: e.rub_out(~EMPTY), DataError, "the hole covers everything: leave some"),
        (lambda e: e.rub_out(EMPTY, 2), ParameterError, "no image 2: give a number from 0 to 1"),
        (lambda e: e.rub_out(EMPTY, -1), ParameterError, "no image -1"),
        (lambda e: e.rub_out(EMPTY[None]), ParameterError, r"drawn has shape \(1, 28, 28\)"),
        (lambda e: Eraser(IMAGES, {}), ParameterError, "no way to complete an image: give"),
        (lambda e: Eraser(IMAGES / 255, e.complete), DataError, "images is float64 of shape"),
        (
            lambda e: Eraser(IMAGES, {"few": lambda i, m: i[:0]}).rub_out(drawing((1, 1))),
            DataError,
            r"what 'few' returns is uint8 of shape \(0, 28, 28, 1\): give",
        ),
    ],
)
def test_an_eraser_says_what_is_wrong(ask, error, words):
    with pytest.raises(error, match=words):
        ask(Eraser(IMAGES, {"black": with_level(0)}))


def test_the_eraser_pad_has_a_wide_brush_of_another_colour_and_a_slider_for_the_image():
    panel = eraser_pad(Eraser(IMAGES, {"black": with_level(0)}))
    pad, (slider,) = panel.setup["pad"], panel.setup["sliders"]
    assert (pad["size"], pad["brush"]) == (28, 3) and pad["ink"] not in ("white", "black")
    assert (slider["low"], slider["high"]) == (0, 1)
    assert list(panel.answer_to({}).rows) == ["image"]
    answer = panel.answer_to({"drawn": text(drawing((0, 3))), "image": 1})
    assert answer.table[1] == ["black", "inf"] and answer.rows["erased"][0, 0, 3, 0] == 128
