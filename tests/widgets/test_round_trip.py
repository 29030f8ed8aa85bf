"""There and back between two domains."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("anywidget")

from gan_utils.errors import DataError, ParameterError
from gan_utils.widgets.round_trip import IMAGES, RoundTrip, round_trip

# Image i of A has the one grey level i + 1, and of B four times as much, and one more.
LEVELS = np.arange(1, 13, dtype=np.uint8)
A = np.ones((12, 4, 4, 1), np.uint8) * LEVELS[:, None, None, None]
B = 4 * A[:11] + np.uint8(1)


def translate(images, to):
    """B is four times as bright; on the way to A the rest of the division is lost."""
    return 4 * images if to == "b" else images // 4


class NamesByLevel:
    """Takes images for high from a grey level of 24 on."""

    test = SimpleNamespace(class_names=("low", "high"))

    def probabilities(self, images):
        high = images[:, 0, 0, 0] >= 24
        return np.stack([~high, high], axis=1).astype(np.float32)


def test_from_a_the_images_go_to_b_and_come_back():
    answer = RoundTrip(translate, A, B).from_a(2)
    assert list(answer.rows) == ["A", "A → B", "A → B → A"]
    for row, expected in zip(answer.rows.values(), (A[2:11], 4 * A[2:11], A[2:11]), strict=True):
        np.testing.assert_array_equal(row, expected)
    assert answer.table == [
        ["image", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
        ["PSNR of the way back, dB", *["inf"] * 9],
    ]


def test_from_b_each_image_is_compared_with_what_came_home_of_it():
    images = B.copy()
    images[3] += 2  # which is 3 off after the way back, and the others 1
    answer = RoundTrip(translate, A, images).from_b(0)
    assert list(answer.rows) == ["B", "B → A", "B → A → B"]
    np.testing.assert_array_equal(answer.rows["B → A → B"], 4 * A[:9])
    one, three = (20 * math.log10(255 / off) for off in (1, 3))
    expected = [f"{three if number == 3 else one:.1f}" for number in range(9)]
    assert answer.table[1][1:] == expected
    overall = 10 * math.log10(255**2 / ((8 * 1 + 9) / 9))
    assert answer.words == f"After the way back the PSNR of all nine is {overall:.1f} dB."


def test_an_image_that_comes_back_exactly_does_not_make_the_overall_ratio_infinite():
    images = B.copy()
    images[3] -= 1  # four times a whole number again
    answer = RoundTrip(translate, A, images).from_b(0)
    assert [number for number, cell in enumerate(answer.table[1][1:]) if cell == "inf"] == [3]
    overall = 10 * math.log10(255**2 / (8 / 9))
    assert answer.words.endswith(f" is {overall:.1f} dB.")


def test_the_judge_names_the_images_before_and_after_the_way_there():
    answer = RoundTrip(translate, A, B, NamesByLevel()).from_a(0)  # 1 to 9, and 4 to 36
    assert answer.table[2:] == [
        ["judged A", *["low"] * 9],
        ["judged A → B", *["low"] * 5, *["high"] * 4],
    ]
    assert answer.words.startswith("5 of 9 images keep their class. After the way back")


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda: RoundTrip(translate, A[:8], B), DataError, r"a is uint8 of shape \(8, .*least 9"),
        (lambda: RoundTrip(translate, A, B / 255), DataError, "b is float64 of shape"),
        (lambda: RoundTrip(translate, A[..., 0], B), DataError, r"a is .* \(12, 4, 4\)"),
        (
            lambda: RoundTrip(translate, A, B).from_a(4),
            ParameterError,
            "no 9 images from 4 on: give a number from 0 to 3",
        ),
        (lambda: RoundTrip(translate, A, B).from_b(-1), ParameterError, "no 9 images from -1 on"),
        (
            lambda: RoundTrip(lambda images, to: images / 255, A, B).from_a(0),
            DataError,
            "the images are float64 .* give uint8 images",
        ),
    ],
)
def test_a_round_trip_says_what_is_wrong(ask, error, words):
    with pytest.raises(error, match=words):
        ask()


def test_both_panels_answer_up_to_their_last_images():
    box = round_trip(RoundTrip(translate, A, B, NamesByLevel()))
    assert [panel.setup["open"] for panel in box.children] == [True, False]
    for panel, images, name in zip(box.children, (A, B), "AB", strict=True):
        (slider,) = panel.setup["sliders"]
        answer = panel.answer_to({"start": slider["high"]})
        np.testing.assert_array_equal(answer.rows[name], images[-IMAGES:])
        np.testing.assert_array_equal(panel.answer_to({}).rows[name], images[:IMAGES])
