"""The exercises of lesson 09: other right ways, the bug to find, and what its checks share."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gan_utils.lesson.exercises.answers import NotYet
from gan_utils.lesson.exercises.comparing import compare, with_slopes
from lesson_notebook import written_exercises
from other_ways import cases_of, coded_exercises

SOLUTIONS = {name: found.solution for name, found in written_exercises("09_began_progan").items()}

FROZEN = """\
def fading_steps(step, batches, fade_steps):
    share = 0.0
    fast = tf.function(lambda images: step(images, share))
    given = []
    for number, images in enumerate(batches):
        share = min(number / fade_steps, 1.0)
        given.append(fast(images))
    return given
"""

# Other ways that are right: a part of the solution, and what may stand in its place.
OTHER = {
    "next_k": [
        ("np.clip(k + k_rate * balance, 0.0, 1.0)", "min(max(k + k_rate * balance, 0.0), 1.0)"),
        ("np.clip", "tf.clip_by_value"),
    ],
    "began_losses": [
        ("- k * fake_error", "- tf.Variable(k) * fake_error"),
        (  # D's loss with a fake of its own, through which nothing reaches G
            "    g_loss", "    again = tf.stop_gradient(fake)\n"
            "    off = again - discriminator(again, training=True)[0]\n"
            "    d_loss = real_error - k * tf.reduce_mean(tf.abs(off))\n    g_loss",
        ),
        ("return d_loss, g_loss, real_error, fake_error",
         "return [d_loss, g_loss, float(real_error), float(fake_error)]"),
    ],
    "pull_away": [
        ("codes / tf.norm(codes, axis=1, keepdims=True)", "tf.nn.l2_normalize(codes, axis=1)"),
        ("tf.reduce_sum(cosines**2) - count",
         "tf.reduce_sum(tf.linalg.set_diag(cosines, tf.zeros(count)) ** 2)"),
    ],
    "faded_real": [
        ('tf.nn.avg_pool2d(images, 2, 2, "VALID")',
         "tf.image.resize(images, (images.shape[1] // 2, images.shape[2] // 2), 'area')"),
        ("tf.repeat(tf.repeat(halved, 2, axis=1), 2, axis=2)",
         "tf.image.resize(halved, images.shape[1:3], 'nearest')"),
    ],
    "equalised": [
        ("int(np.prod(kernel.shape[:-1]))", "float(tf.size(kernel)) / kernel.shape[-1]"),
        ("(gain / fan_in**0.5)", "gain / fan_in**0.5"),
    ],
    "batch_deviation": [
        ("tf.fill([*features.shape[:3], 1], spread)", "0 * features[..., :1] + spread"),
        ("tf.math.reduce_variance(features, axis=0)",
         "tf.reduce_mean((features - tf.reduce_mean(features, 0)) ** 2, 0)"),
        ("variance + 1e-8", "variance + 1e-7"),
    ],
    "fading_steps": [
        ("tf.constant(min(number / fade_steps, 1.0))", "np.float32(min(number / fade_steps, 1.0))"),
        ("tf.constant(min(number / fade_steps, 1.0))",
         "tf.minimum(tf.constant(number) / fade_steps, 1.0)"),
        (SOLUTIONS["fading_steps"], FROZEN.replace("share = 0.0", "share = tf.Variable(0.0)")
         .replace("share = min(number / fade_steps, 1.0)",
                  "share.assign(min(number / fade_steps, 1.0))")),
        ("tf.function(step)", "tf.function(step, jit_compile=True)"),
    ],
}  # fmt: skip


def defined(name, source):
    """The function that this source defines, with what the lesson imports."""
    names = {"np": np, "tf": tf}
    exec(source, names)
    return names[name]


def replaced(name, part, instead):
    assert part in SOLUTIONS[name]
    return defined(name, SOLUTIONS[name].replace(part, instead))


def test_each_exercise_is_answered_in_another_way_too():
    assert coded_exercises("lesson_09") == set(SOLUTIONS) == set(OTHER)


@pytest.mark.parametrize(("name", "part", "instead"), cases_of(OTHER))
def test_other_ways_are_right_too(name, part, instead, first_line):
    assert first_line(replaced(name, part, instead)) == f"{name}: right"


def test_the_code_with_the_bug_runs_and_is_told_what_stands_still(first_line):
    assert (
        "for 6 batches with fade_steps 4 plays every step with the share 0: the graph holds the "
        "number that `share` was when it was drawn. Hint: "
    ) in first_line(defined("fading_steps", FROZEN))


def test_tensorflow_may_complain_again_after_the_check(first_line):
    """Where a step is drawn too often, only the check speaks, and only for its own time."""
    level = tf.get_logger().level
    for _ in range(3):
        first_line(
            replaced("fading_steps", "given.append(fast(", "given.append(tf.function(step)(")
        )
    assert tf.get_logger().level == level


def test_the_solutions_are_the_librarys():
    from gan_utils.networks.growing import EqualisedConv2D, Growth
    from gan_utils.networks.minibatch import MinibatchStdDev
    from gan_utils.training.began import pulling_away
    from gan_utils.training.progressive import ProgressiveGAN

    rng = np.random.default_rng(0)
    codes = rng.normal(size=(6, 5)).astype("float32")
    ours = {name: defined(name, source) for name, source in SOLUTIONS.items()}
    np.testing.assert_allclose(ours["pull_away"](codes), pulling_away(codes), rtol=1e-5)

    features = tf.constant(rng.normal(size=(4, 3, 3, 2)), tf.float32)
    theirs = MinibatchStdDev(group=4, maps=1)(features)
    np.testing.assert_allclose(ours["batch_deviation"](features), theirs, rtol=1e-5)

    layer = EqualisedConv2D(3, 3)
    layer.build(features.shape)
    kernel = ours["equalised"](layer.kernel.value, layer.gain)
    np.testing.assert_allclose(kernel, layer.scaled(), rtol=1e-6)

    game = ProgressiveGAN(Growth(4, (4, 4), latent_dim=3), lambda: "sgd", fade_steps=8)
    game.grow(1)
    images = tf.constant(rng.uniform(-1, 1, (2, 8, 8, 1)), tf.float32)
    for share in (0.0, 0.3, 1.0):
        theirs = game.smaller(images, share)
        np.testing.assert_allclose(ours["faded_real"](images, share), theirs, atol=1e-6)
    seen = ours["fading_steps"](lambda images, share: share, [images] * 10, 8)
    start = int(game.grown_at.numpy())
    np.testing.assert_allclose(seen, [game.share(start + step) for step in range(10)])


def test_usual_mistakes_are_named_and_others_compared():
    right = np.array([[1.0, 2.0], [3.0, 4.0]])
    compare(right + 1e-6, right, "f", "it is", {"it is the same": right})
    with pytest.raises(NotYet, match=r"^f: it is twice as much$"):
        compare(2 * right, right, "f", "it is", {"it is twice as much": 2 * right})
    with pytest.raises(NotYet, match=r"^f, at \(1, 0\), gives 5, but it is 3$"):
        compare([[1, 2], [5, 4]], right, "f", "it is", {"it is twice as much": 2 * right})
    with pytest.raises(NotYet, match=r"^f gives 6: it is twice as much$"):
        compare(6.0, 3.0, "f", "it is", {"it is twice as much": 6})
    with pytest.raises(NotYet, match=r"^f gives nan, and not a finite number$"):
        compare(np.nan, 3.0, "f", "it is", {"it is twice as much": 6})


def test_slopes_are_of_the_sum_and_none_where_no_tensor_leads():
    made, slopes = with_slopes(lambda x, by: by * x**2, [1.0, 3.0], 2)
    np.testing.assert_allclose(made, [2, 18])
    np.testing.assert_allclose(slopes, [4, 12])
    for cut in (lambda x: x.numpy(), lambda x: tf.stop_gradient(x), lambda x: None):
        assert with_slopes(cut, [1.0])[1] is None
