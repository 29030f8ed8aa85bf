"""A growing generator at all its stages, and between two of them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("anywidget")

from gan_utils.errors import DataError, ParameterError
from gan_utils.networks.growing import Growth
from gan_utils.widgets.growing import FIRST, IMAGES, Growing, growing


def stage_of(side, old, new):
    """A generator of flat images: old grey levels, new ones, or a mixture by the share."""

    def draw(given):
        z, share = given
        level = old + (new - old) * share.reshape(-1, 1, 1, 1)
        return np.ones((len(z), side, side, 1)) * (level / 127.5 - 1)

    return draw


VIEWS = Growing([stage_of(4, 0, 40), stage_of(8, 40, 100), stage_of(16, 110, 170)], 5)


def test_the_mixture_lies_between_old_and_new_as_far_as_its_share():
    answer = VIEWS.fade(stage=1, share=0.25)
    levels = [int(images.mean()) for images in answer.rows.values()]
    assert list(answer.rows) == [
        "4 × 4, as it ended", "its layers now", "mixed, α 0.25", "8 × 8, new",
    ]  # fmt: skip
    assert levels == [40, 40, 55, 100]
    assert all(images.shape == (IMAGES, 16, 16, 1) for images in answer.rows.values())
    assert "15.0 grey levels from what the old" in answer.words
    assert "45.0 from what the new" in answer.words


def test_old_layers_that_went_on_learning_are_told_from_what_the_stage_before_drew():
    """The second stage ended at 100; the third's old layers draw 110 by now."""
    answer = VIEWS.fade(stage=2, share=1.0)
    assert [int(images.mean()) for images in answer.rows.values()] == [100, 110, 170, 170]
    assert answer.words.endswith("draw 10.0 grey levels away from the image of 8 × 8.")
    assert VIEWS.fade(stage=1).words.endswith("draw 0.0 grey levels away from the image of 4 × 4.")


def test_all_sizes_stand_below_each_other_and_the_words_say_what_changed():
    answer = VIEWS.sizes(first=3)
    assert list(answer.rows) == ["4 × 4", "8 × 8", "16 × 16"]
    assert [int(images.mean()) for images in answer.rows.values()] == [40, 100, 170]
    assert "60.0 grey levels to 8 × 8 and by 70.0 grey levels to 16 × 16" in answer.words


def test_with_share_0_networks_that_grow_draw_the_stage_before_enlarged():
    """By the layers that both stages have: the row of old layers is the row of the smaller size."""
    growth = Growth(4, (6, 4), latent_dim=5, channels=3)
    views = Growing([growth.generator(0), growth.generator(1)], 5)
    before, old, *_ = views.fade(1, 0.5, first=7).rows.values()
    small = next(iter(views.sizes(first=7).rows.values()))
    assert old.shape == (IMAGES, 8, 8, 3) and old.std() > 0
    np.testing.assert_array_equal(before, small)
    np.testing.assert_array_equal(old, small)


def test_a_number_stands_for_the_same_latent_vector_in_every_row():
    def by_vector(side):
        return lambda given: np.tanh(given[0][:, :1, None, None] * np.ones((side, side, 1)))

    views = Growing([by_vector(4), by_vector(8)], 5)
    small, large = views.sizes(first=2).rows.values()
    np.testing.assert_array_equal(small, large)
    one_further = next(iter(views.sizes(first=3).rows.values()))
    np.testing.assert_array_equal(small[1:], one_further[:-1])


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: VIEWS.fade(stage=0), "stage 0 has nothing to fade"),
        (lambda: VIEWS.fade(stage=3), "from 1 to 2"),
        (lambda: VIEWS.fade(share=1.05), "the share is 1.05"),
        (lambda: VIEWS.sizes(first=FIRST + 1), "latent vector 91 is not there"),
        (lambda: Growing([stage_of(4, 0, 1)], 5), "two stages or more"),
        (lambda: Growing([], 5), "two stages or more"),
        (lambda: Growing([stage_of(4, 0, 1), stage_of(12, 0, 1)], 5), "images of [4, 12] pixels"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(ask, words):
    with pytest.raises(ParameterError) as caught:
        ask()
    assert words in str(caught.value)


def flat(*shape, level=0.0, dtype=float):
    """A generator that draws this for every latent vector."""
    return lambda given: np.full((len(given[0]), *shape), level, dtype)


GREY, GENERATORS = flat(4, 4, 1), [Growth(4, (6, 4), latent_dim=5).generator(n) for n in (0, 1)]


@pytest.mark.parametrize(
    ("stages", "latent_dim", "error", "words"),
    [
        ([GREY, flat(8, 8, 3)], 5, ParameterError, "images of [1, 3] channels"),
        ([GREY, flat(8, 6, 1)], 5, DataError, "stage 1 draws float64 of shape (9, 8, 6, 1)"),
        ([GREY, flat(8)], 5, DataError, "stage 1 draws float64 of shape (9, 8)"),
        ([GREY, flat(8, 8, 2)], 5, DataError, "(n, side, side, 1 or 3)"),
        ([GREY, flat(8, 8, 1, dtype=np.uint8)], 5, DataError, "stage 1 draws uint8"),
        ([GREY, flat(8, 8, 1, level=np.nan)], 5, DataError, "stage 1 draws numbers that are not"),
        ([GREY, 3], 5, ParameterError, "stage 1 is 3: give a generator that can be called"),
        (GENERATORS, 7, ParameterError, "stage 0 reads [(5,), (1,)]: give a generator"),
    ],
)
def test_stages_that_draw_no_such_images_are_named(stages, latent_dim, error, words):
    with pytest.raises(error) as caught:
        Growing(stages, latent_dim)
    assert words in str(caught.value)


def test_values_beyond_the_range_are_cut_as_a_games_samples_are():
    views = Growing([flat(4, 4, 3, level=-1.7), flat(8, 8, 3, level=1.7)], 5)
    assert [int(images.mean()) for images in views.sizes().rows.values()] == [0, 255]


def test_the_panels_answer_to_their_sliders():
    sizes, fading = growing(VIEWS).children
    assert [int(images.mean()) for images in sizes.answer_to({"first": 5}).rows.values()] == [
        40, 100, 170,
    ]  # fmt: skip
    answer = fading.answer_to({"stage": 2, "share": 0.5, "first": 90})
    assert [int(images.mean()) for images in answer.rows.values()] == [100, 110, 140, 170]
    assert fading.setup["sliders"][0]["label"] == "stage, of 8, 16 pixels"
    assert sizes.setup["open"] is True and fading.setup["open"] is False
