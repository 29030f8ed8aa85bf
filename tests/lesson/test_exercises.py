"""The check of an exercise: its one line, its hints, and what it says of any answer."""

from __future__ import annotations

import random
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from gan_utils.errors import CourseError
from gan_utils.lesson import exercises as room
from gan_utils.lesson.exercises import Exercise, check, exercises
from gan_utils.lesson.exercises.answers import NotYet, agree, number, pair


@pytest.fixture(autouse=True)
def new_kernel():
    """No hint was shown before."""
    room._failed.clear()


@pytest.fixture
def line(capsys):
    """A function that checks an answer and gives the one line that this prints."""

    def printed(function) -> str:
        capsys.readouterr()
        check(function)
        out, err = capsys.readouterr()
        assert err == "" and out.endswith("\n") and out.count("\n") == 1, (out, err)
        return out[:-1]

    return printed


@pytest.fixture
def double(monkeypatch):
    """A small exercise, to double a number; two hints."""

    def test(function):
        agree(function(3), 6, "double(3)", "3 + 3 is")

    monkeypatch.setitem(room._known, "double", Exercise("double", test, ("Add it.", "Twice.")))


def named(function, name="double"):
    function.__name__ = name
    return function


def test_the_line_of_a_right_answer_and_of_none(double, line):
    def stub(x):
        raise NotImplementedError

    assert line(named(lambda x: x + x)) == "double: right"
    assert line(named(stub)) == "double: not done yet"


def test_hints_come_one_after_the_other_and_begin_anew_once_it_was_right(double, line):
    def stub(x):
        raise NotImplementedError

    wrong = named(lambda x: x * x)
    beginning = "double: not yet: double(3) gives 9, but 3 + 3 is 6. Hint: "
    assert line(wrong) == beginning + "Add it."
    assert line(named(stub)) == "double: not done yet"
    assert line(wrong) == beginning + "Twice."
    last = beginning + "There is no further hint: the solution is folded below the cell."
    assert line(wrong) == line(wrong) == last
    assert line(named(lambda x: 2 * x)) == "double: right"
    assert line(wrong) == beginning + "Add it."


def test_hints_of_one_exercise_do_not_count_for_another(double, line):
    line(named(lambda x: x * x))
    first = exercises()["hits"].hints[0]
    assert line(named(lambda kernel, stride: (1, 1), "hits")).endswith(f"Hint: {first}")


def divides(x):
    half = 1
    return half / (x - x)


def speaks_on_several_lines(x):
    raise ValueError("in user code:\n\n    File x.py\n    ValueError: shapes differ.\n")


def names_a_node(x):
    return tf.constant([1.0, 2.0]) + tf.constant([1.0, 2.0, 3.0])


def of_a_library(x):
    raise NotImplementedError("numpy() works only eagerly")


ERRORS = {
    "in the code": (
        divides,
        r"it stops in its line 3 with ZeroDivisionError \(division by zero\)\.",
    ),
    "in a call below": (
        lambda x: np.linalg.inv(np.zeros((x, x))),
        r"it stops in its line 1 with LinAlgError \(Singular matrix\)\.",
    ),
    "no message": (lambda x: next(iter([])), r"it stops in its line \d with StopIteration\. Hint"),
    "many lines": (speaks_on_several_lines, r"line 2 with ValueError \(ValueError: shapes dif"),
    "TensorFlow's": (names_a_node, r"line 2 with InvalidArgumentError \(Incompatible shapes"),
    "not ours": (of_a_library, r"line 2 with NotImplementedError \(numpy\(\) works only eagerly\)"),
    "endless": (lambda x: named(divides)("a" * 500 + 1), r"TypeError \(can only concatenate str"),
    "too few arguments": (lambda: 6, r"it cannot be used as asked: it ends with TypeError \("),
    "nothing returned": (lambda x: None, r"double\(3\) gives None: its `return` seems to be missi"),
    "several numbers": (lambda x: [6, 6], r"gives an array of shape \(2,\), and not one number"),
    "words": (lambda x: "six", r"gives 'six', and not a number"),
    "a thing": (lambda x: [1, [2]], r"gives \[1, \[2\]\], and not a number"),
    "an object": (lambda x: object(), r"gives an object of type object, and not a number"),
    "not a number": (lambda x: float("nan"), r"gives nan, and not a finite number"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_goes_wrong_in_the_readers_code_is_one_sentence(double, line, case):
    function, expected = ERRORS[case]
    found = line(named(function))
    assert found.startswith("double: not yet: ") and found.endswith(". Hint: Add it.")
    assert re.search(expected, found), found


def test_a_long_message_is_cut(double, line):
    def long(x):
        raise ValueError("word " * 400)

    assert len(line(named(long))) < 300


def test_a_function_that_tensorflow_has_traced_is_found_by_its_name(double, line):
    @tf.function
    def double(x):
        return 2 * x

    assert line(double) == "double: right"


def test_warnings_are_not_shown(double, line):
    assert "gives nan" in line(named(lambda x: np.log(0.0) * 0))


def test_a_name_that_is_none_is_one_sentence_with_the_nearest():
    with pytest.raises(CourseError) as caught:
        check(named(lambda: 0, "w1_of_histogram"))
    assert str(caught.value) == (
        "there is no exercise `w1_of_histogram`: did you mean `w1_of_histograms`?"
    )


@pytest.mark.parametrize("given", ["share_answer", None, 0.75])
def test_what_is_no_function_is_one_sentence(given):
    with pytest.raises(CourseError, match=r"which is no function: give the one that you wrote"):
        check(given)


def test_numbers_of_every_kind_are_numbers():
    for six in (6, 6.0, np.float32(6), np.array(6), tf.constant(6.0), tf.Variable(6)):
        assert number(six, "") == 6
        assert pair((six, six), "") == pair([six, six], "") == (6, 6)
    for none in (None, 6, (6,), (6, 6, 6), (6, "6")):
        with pytest.raises(NotYet):
            pair(none, "hits(3, 2)")


def test_numbers_that_differ_late_are_shown_apart():
    with pytest.raises(NotYet, match=r"^f\(1\) gives 0\.50004, but it is 0\.5$"):
        agree(0.50004, 0.5, "f(1)", "it is")
    with pytest.raises(NotYet, match=r"^f\(1\) gives 262,144, but it is 262,272$"):
        agree(4 * 4 * 128 * 128, 262_272, "f(1)", "it is")


def test_tensorflow_is_loaded_only_where_a_test_needs_it():
    program = (
        "import sys\n"
        "from gan_utils.lesson.exercises import check\n"
        "def share_answer(p, q, share):\n"
        "    return share * p / (share * p + (1 - share) * q)\n"
        "check(share_answer)\n"
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("share_answer: right\n", "")


# Lessons 07 and 08: arguments, a right answer, and what makes it wrong: each time a part of it (""
# for all), what stands in the place of that part, and a part of what the check then says.
ANSWERS = {
    "patch_seen": (
        "stack",
        """
side = 1
for kernel, stride in reversed(stack):
    side = stride * (side - 1) + kernel
return side
""",
        [
            (
                "", "return 1 + sum(kernel - 1 for kernel, _ in stack)",
                "3, 1)]) gives 5, but marking",
            ),
            ("reversed(stack)", "stack", "([(3, 2), (3, 1)]) gives 5, but marking them pixel by"),
            ("stride * (side - 1)", "stride * side", "patch_seen([(5, 1)]) gives 6"),
            ("return side", "", "gives None: its `return` seems to be missing"),
        ],
    ),
    "translator_loss": (
        "fake_logits, target, fake, weight",
        """
fooling = tf.reduce_mean(tf.nn.softplus(-fake_logits))
return fooling + weight * tf.reduce_mean(tf.abs(target - fake))
""",
        [
            (
                "tf.nn.softplus(-fake_logits)", "-tf.math.log(tf.sigmoid(fake_logits))",
                "for logits of −100, 100, 0 and 3 with weight 0 gives inf, and not a finite number",
            ),
            ("-fake_logits", "fake_logits", "for a map of usual logits with weight 0 gives"),
            ("tf.abs(target - fake)", "(target - fake) ** 2", "with weight 10 gives"),
            (
                "softplus(-fake_logits))", "softplus(-fake_logits)).numpy()",
                "G cannot learn from it",
            ),
            (
                "", "return tf.nn.softplus(-fake_logits)",
                "of shape (3, 2, 2, 1), and not one number",
            ),
        ],
    ),
    "patch_r1": (
        "discriminator, source, target, gamma",
        """
with tf.GradientTape(persistent=True) as tape:
    tape.watch([source, target])
    logits = discriminator([source, target], training=True)
    answers = tf.reduce_mean(logits, axis=[1, 2, 3])
slopes = tape.gradient(answers, target)
return gamma / 2 * tf.reduce_mean(tf.reduce_sum(slopes**2, axis=[1, 2, 3]))
""",
        [
            ("reduce_mean(logits", "reduce_sum(logits", "it takes the sum of the map, and not its"),
            ("gradient(answers", "gradient(logits", "16 times too much, the square of the number"),
            (
                "gradient(answers, target)", "gradient(answers, source)",
                "what the slope in the sour",
            ),
            (
                "logits, axis=[1, 2, 3]", "logits",
                "25 times too little: the mean of the map is take",
            ),
            ("reduce_mean(tf.reduce_sum", "reduce_sum(tf.reduce_sum", "5 times too much: it adds"),
            ("gamma / 2", "gamma", "but in closed form it is"),
            ("([source, target], t", "([target, source], t", "whose first part is not the source"),
            ("([source, target], t", "(target, t", "not handed a pair: give it a list, [source, t"),
            ("([source, target], training=True)", "([source, target])", "without `training=True`"),
            ("slopes**2", "slopes.numpy() ** 2", "D cannot learn from it"),
        ],
    ),
    "pix2pix_step": (
        "generator, discriminator, g_optimizer, d_optimizer, batch, weight",
        """
source, target = batch
with tf.GradientTape(persistent=True) as tape:
    fake = generator(source, training=True)
    real_logits = discriminator([source, target], training=True)
    fake_logits = discriminator([source, fake], training=True)
    d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits))
    d_loss += tf.reduce_mean(tf.nn.softplus(fake_logits))
    g_loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))
    g_loss += weight * tf.reduce_mean(tf.abs(target - fake))
d_gradients = tape.gradient(d_loss, discriminator.trainable_variables)
g_gradients = tape.gradient(g_loss, generator.trainable_variables)
d_optimizer.apply(d_gradients, discriminator.trainable_variables)
g_optimizer.apply(g_gradients, generator.trainable_variables)
return d_loss, g_loss
""",
        [
            ("weight * tf", "0 * tf", "the distance is missing in them"),
            ("tf.abs(target - fake)", "(target - fake) ** 2", "as G's slope in θ the step gives"),
            ("[source, fake]", "[target, fake]", "whose first part is not the source"),
            ("[source, fake]", "fake", "not handed a pair: give it a list, [source, target] or [s"),
            ("[source, fake]", "[source, target]", "never sees the pair [source, fake]"),
            ("[source, fake]", "[source, source]", "handed another pair than [source, target] or"),
            ("generator(source", "generator(target", "handed something else than the source"),
            (
                "(d_gradients, discriminator", "(d_gradients, generator",
                "is given other weights than",
            ),
            ("d_optimizer.apply", "g_optimizer.apply", "the generator's optimizer is given other"),
            ("d_loss += ", "d_loss -= ", "as D's slope in χ the step gives"),
            ("softplus(-fake", "softplus(fake", "as G's slope in θ the step gives"),
            ("d_loss, g_loss", "g_loss, d_loss", "as d_loss the step gives"),
            (
                "d_optimizer.apply(d_gradients, discriminator.trainable_variables)", "",
                "the moves of one step are: generator; each player should move once",
            ),
        ],
    ),
    "search_step": (
        "generate, z, image, known, rate",
        """
known = tf.cast(known, tf.float32)
with tf.GradientTape() as tape:
    tape.watch(z)
    off = known * tf.abs(generate(z) - image)
    distances = tf.reduce_sum(off, axis=[1, 2, 3]) / tf.reduce_sum(known)
return z - rate * tape.gradient(distances, z)
""",
        [
            ("/ tf.reduce_sum(known)", "/ 12", "divides by the number of all pixels"),
            (
                " / tf.reduce_sum(known)", "",
                "adds the known pixels up, and does not take their mean",
            ),
            ("known = tf.cast(known", "known = tf.cast(~known", "is led by the missing pixels"),
            ("known = tf.cast(known", "known = tf.cast(known | True", "missing pixels, too"),
            ("off, axis=[1, 2, 3]) /", "off) / len(z) /", "goes 5 times less far than one image"),
            ("z - rate", "z + rate", "goes uphill: subtract the slope"),
            ("z - rate", "rate", "at number 0 of row 0, gives"),
            (
                "tf.abs(generate(z) - image)", "(generate(z) - image) ** 2",
                "number 0 of row 0, gives",
            ),
        ],
    ),
    "psnr_in_hole": (
        "images, truth, missing",
        """
squares = (images.astype(float) - truth) ** 2
errors = (squares * missing).sum(axis=(1, 2, 3)) / missing.sum(axis=(1, 2, 3))
return 10 * np.log10(255**2 / errors)
""",
        [
            (
                "",
                """
completed = np.where(missing, images, truth).astype(float)
errors = np.mean((completed - truth) ** 2, axis=(1, 2, 3))
return 10 * np.log10(255**2 / errors)
""",
                "still is the score of whole images: it flatters the first one",
            ),
            ("missing.sum(axis=(1, 2, 3))", "64", "still is the score of whole images"),
            ("images.astype(float)", "images", "at image 0, gives"),
            ("255**2", "1", "at image 0, gives"),
            ("255**2 / errors", "255**2 / squares[missing].mean()", "the shape (), and not (4,)"),
        ],
    ),
    "cycle_loss": (
        "a, b, a_to_b, b_to_a",
        """
from_a = tf.reduce_mean(tf.abs(a - b_to_a(a_to_b(a))))
from_b = tf.reduce_mean(tf.abs(b - a_to_b(b_to_a(b))))
return from_a + from_b
""",
        [
            ("from_a + from_b", "from_a", "the way from b is missing"),
            ("from_a + from_b", "from_b", "the way from a is missing"),
            (
                "tf.abs(a - b_to_a(a_to_b(a)))", "(a - b_to_a(a_to_b(a))) ** 2",
                "there and back it is",
            ),
            (
                "b_to_a(a_to_b(a))", "a_to_b(b_to_a(a))",
                "b_to_a is handed images of domain A, and n",
            ),
            ("b_to_a(a_to_b(a))", "a_to_b(a)", "there and back it is"),
            (
                "b_to_a(a_to_b(a))", "b_to_a(tf.stop_gradient(a_to_b(a)))",
                "in a_to_b's weight gives",
            ),
        ],
    ),
    "translator_losses": (
        "a, b, a_to_b, b_to_a, d_a, d_b, weight",
        """
fake_b, fake_a = a_to_b(a, training=True), b_to_a(b, training=True)
from_a = weight * tf.reduce_mean(tf.abs(a - b_to_a(fake_b, training=True)))
from_b = weight * tf.reduce_mean(tf.abs(b - a_to_b(fake_a, training=True)))
fooled_b = tf.reduce_mean((d_b(fake_b, training=True) - 1) ** 2)
fooled_a = tf.reduce_mean((d_a(fake_a, training=True) - 1) ** 2)
loss_a_to_b = fooled_b + from_a + from_b
loss_b_to_a = fooled_a + from_a + from_b
return loss_a_to_b, loss_b_to_a
""",
        [
            ("fooled_b + from_a + ", "fooled_b + ", "the way from a and back is missing in it"),
            (
                "fooled_b + from_a + from_b", "fooled_b + from_a",
                "the way from b and back is missing",
            ),
            (
                "fooled_a + from_a + from_b", "fooled_a + from_a",
                "the loss of b_to_a with weight 10 ",
            ),
            (
                "fooled_b + from_a + from_b", "fooled_b",
                "both ways there and back are missing",
            ),
            ("loss_a_to_b, loss_b", "loss_b_to_a, loss_b", "loss of a_to_b with weight 0 gives"),
            ("d_b(fake_b", "d_a(fake_b", "d_a is handed images of domain B, and not A"),
            (
                "b_to_a(fake_b", "b_to_a(tf.stop_gradient(fake_b)",
                "weight 10 in its own weight gives",
            ),
            (
                "(fake_b, training=True) - 1)", "(fake_b, training=True))",
                "a_to_b with weight 0 gives",
            ),
        ],
    ),
    "least_squares": (
        "real_logits, fake_logits",
        """
d_loss = tf.reduce_mean((real_logits - 1) ** 2) + tf.reduce_mean(fake_logits**2)
g_loss = tf.reduce_mean((fake_logits - 1) ** 2)
return d_loss, g_loss
""",
        [
            (
                "return d_loss, g_loss", "return g_loss, d_loss",
                "is that of the other player: return",
            ),
            (
                "return d_loss", "return d_loss / 2",
                "D's loss of least_squares for maps of 1×1 logit",
            ),
            (
                "return d_loss, g_loss", "return d_loss, -d_loss",
                "G's loss of least_squares for maps",
            ),
            (
                "(real_logits - 1)", "real_logits",
                "D's loss of least_squares for maps of 1×1 logits",
            ),
            ("return d_loss", "return d_loss.numpy()", "D cannot learn from it"),
        ],
    ),
    "identity_loss": (
        "a, b, a_to_b, b_to_a",
        """
of_b = tf.reduce_mean(tf.abs(b - a_to_b(b)))
of_a = tf.reduce_mean(tf.abs(a - b_to_a(a)))
return of_b + of_a
""",
        [
            ("b - a_to_b(b)", "a - a_to_b(a)", "a_to_b is handed images of domain A, and not B"),
            ("a - b_to_a(a)", "b - b_to_a(b)", "b_to_a is handed images of domain B, and not A"),
            ("b - a_to_b(b)", "b - a_to_b(a)", "a_to_b is handed images of domain A, and not B"),
            ("of_b + of_a", "of_b", "for b_to_a, together"),
            ("tf.abs(b - a_to_b(b))", "(b - a_to_b(b)) ** 2", "identity_loss gives"),
        ],
    ),
    "instance_norm": (
        "x, epsilon",
        """
mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
return (x - mean) / tf.sqrt(variance + epsilon)
""",
        [
            ("[1, 2]", "[0, 1, 2]", "that is batch normalisation"),
            ("[1, 2]", "[1, 2, 3]", "that is layer normalisation"),
            (
                "/ tf.sqrt(variance", "/ (variance",
                "at row 0, column 0 of image 0, channel 0, gives",
            ),
            (
                "/ tf.sqrt(variance + epsilon)", "/ (tf.sqrt(variance) + epsilon)",
                "with ε = 0.1, at",
            ),
            ("keepdims=True", "keepdims=False", "with InvalidArgumentError (Incompatible shapes"),
        ],
    ),
    "from_pool": (
        "pool, new, size, rng",
        """
if len(pool) < size:
    pool.append(new)
    return new
if rng.random() < 0.5:
    return new
place = rng.integers(size)
shown, pool[place] = pool[place], new
return shown
""",
        [
            ("pool.append(new)", "pool = [*pool, new]", "after call 1 the pool holds 0 images"),
            ("len(pool) < size", "len(pool) <= size", "a pool of 5 images holds 6 after a further"),
            (
                "pool.append(new)\n    return new", "pool.append(new)\n    return pool[0]",
                "not both sho",
            ),
            (
                "rng.integers(size)", "rng.integers(size - 1)",
                "from place 4 of 5 are 0%, and should",
            ),
            ("rng.integers(size)", "0", "that are drawn from place 0 of 5 are 100%, and should be"),
            (
                "shown, pool[place] = pool[place], new", "shown = pool[place]",
                "shown stays in the pool",
            ),
            (
                "0.5:\n", "0.5:\n    pool[0] = new\n",
                "where the new image is shown, the pool changes",
            ),
            ("< 0.5", "< 0.25", "the calls that show an earlier image are 7"),
            ("rng.random()", "np.random.default_rng().random()", "draw from it alone"),
        ],
    ),
}  # fmt: skip
IN_TURNS = """
source, target = batch
with tf.GradientTape() as tape:
    fake = generator(source, training=True)
    real_logits = discriminator([source, target], training=True)
    fake_logits = discriminator([source, fake], training=True)
    d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits))
gradients = tape.gradient(d_loss, discriminator.trainable_variables)
d_optimizer.apply(gradients, discriminator.trainable_variables)
with tf.GradientTape() as tape:
    fake = generator(source, training=True)
    fake_logits = discriminator([source, fake], training=True)
    g_loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))
    g_loss += weight * tf.reduce_mean(tf.abs(target - fake))
gradients = tape.gradient(g_loss, generator.trainable_variables)
g_optimizer.apply(gradients, generator.trainable_variables)
return d_loss, g_loss
"""


def answered(name, body):
    """The function `name` with this body."""
    names = {"np": np, "tf": tf}
    lines = body.strip().replace("\n", "\n    ")
    exec(f"def {name}({ANSWERS[name][0]}):\n    {lines}", names)
    return names[name]


@pytest.mark.parametrize("name", ANSWERS)
def test_a_right_answer_is_right_and_leaves_the_lessons_random_numbers_alone(name, line):
    before = random.getstate(), np.random.get_state()[1].tolist()
    assert line(answered(name, ANSWERS[name][1])) == f"{name}: right"
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
    assert line(answered(name, "raise NotImplementedError")) == f"{name}: not done yet"


def test_the_players_of_pix2pix_may_also_move_in_turns(line):
    assert line(answered("pix2pix_step", IN_TURNS)) == "pix2pix_step: right"


@pytest.mark.parametrize(
    ("name", "part", "instead", "told"),
    [(name, *case) for name, (_, _, cases) in ANSWERS.items() for case in cases],
    ids=[f"{name}-{i}" for name, (_, _, cases) in ANSWERS.items() for i in range(len(cases))],
)
def test_a_wrong_answer_is_told_in_a_sentence_with_the_first_hint(name, part, instead, told, line):
    right = ANSWERS[name][1]
    assert part in right
    found = line(answered(name, right.replace(part, instead) if part else instead))
    assert found.startswith(f"{name}: not yet: ")
    assert found.endswith(f". Hint: {exercises()[name].hints[0]}")
    assert told in found, found


def test_the_exercises_of_lessons_07_and_08_have_three_hints_and_wrong_answers():
    homes = {name: tried.test.__module__[-2:] for name, tried in exercises().items()}
    assert set(ANSWERS) == {name for name, lesson in homes.items() if lesson in ("07", "08")}
    assert min(len(cases) for _, _, cases in ANSWERS.values()) >= 2
    for name in ANSWERS:
        assert len(exercises()[name].hints) == 3
        assert all(hint.endswith((".", "?")) for hint in exercises()[name].hints)
