"""The check of an exercise: its one line, its hints, and what it says of any answer."""

from __future__ import annotations

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
    first = exercises()["deviation"].hints[0]
    assert line(named(lambda features, group: None, "deviation")).endswith(f"Hint: {first}")


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


@pytest.mark.parametrize("given", ["count_modes", None, 0.75])
def test_what_is_no_function_is_one_sentence(given):
    with pytest.raises(CourseError, match=r"which is no function: give the one that you wrote"):
        check(given)


def test_numbers_of_every_kind_are_numbers():
    for six in (6, 6.0, np.float32(6), np.array(6), tf.constant(6.0), tf.Variable(6)):
        assert number(six, "") == 6
        assert pair((six, six), "") == pair([six, six], "") == (6, 6)
    for none in (None, 6, (6,), (6, 6, 6), (6, "6")):
        with pytest.raises(NotYet):
            pair(none, "f(3, 2)")


def test_numbers_that_differ_late_are_shown_apart():
    with pytest.raises(NotYet, match=r"^f\(1\) gives 0\.50004, but it is 0\.5$"):
        agree(0.50004, 0.5, "f(1)", "it is")
    with pytest.raises(NotYet, match=r"^f\(1\) gives 262,144, but it is 262,272$"):
        agree(4 * 4 * 128 * 128, 262_272, "f(1)", "it is")


def test_tensorflow_is_loaded_only_where_a_test_needs_it():
    program = (
        "import sys\n"
        "import numpy as np\n"
        "from gan_utils.lesson.exercises import check\n"
        "def count_modes(points, centres, std):\n"
        "    distances = np.linalg.norm(points[:, None] - centres, axis=2)\n"
        "    good = distances.min(axis=1) <= 3 * std\n"
        "    return len(np.unique(distances.argmin(axis=1)[good])), good.mean()\n"
        "check(count_modes)\n"
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("count_modes: right\n", "")
