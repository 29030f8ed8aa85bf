"""The runs that try every choice of every lesson: which they are, and how their ends are told."""

import pytest

import choices
from gan_utils.course.notebooks import Lesson, Outcome, find_lessons
from gan_utils.lesson.declarations import read_parameters
from gan_utils.lesson.parameters import check, check_together

DECLARED = read_parameters("""\
seed: int = 3  # seed [0, 10]
folder: str = ""  # folder
steps: int = 5000  # updates, a multiple of 100 [200, 100000]
above: int = 9  # a number (4, 10]
size: int = 32  # side {28, 32, 64}
loss: str = "a"  # objective {a, b}
full: bool = False  # all of it
only: float = 0.5  # weight, only with loss=b [0, 1]
network: str = "small"  # networks, only with size=64 {small, large}""")


def test_each_choice_has_a_run_of_its_own_with_the_smallest_budgets():
    budgets = {"steps": 200, "above": 5}
    assert list(choices.plan(DECLARED)) == [
        budgets,
        budgets | {"size": 28},
        budgets | {"size": 64},
        budgets | {"loss": "b"},
        budgets | {"full": True},
        budgets | {"size": 64, "network": "large"},
    ]


@pytest.mark.repository
def test_the_planned_values_are_allowed_in_every_lesson():
    for lesson in find_lessons(["all"]):
        for values in choices.plan(lesson.parameters):
            checked = check(lesson.parameters, {k: str(v) for k, v in values.items()})
            check_together(lesson.parameters, checked)


@pytest.mark.parametrize(
    ("error", "trained", "expected"),
    [
        ("", True, "done"),
        ("DataError: no network; connect.", False, "refused"),
        ("DataError: no network; connect.", True, "BROKEN"),
        ("ValueError: shapes", False, "BROKEN"),
    ],
)
def test_an_end_is_told_as_it_was(tmp_path, monkeypatch, error, trained, expected):
    def execute(lesson, values, folder, runner):
        if trained:
            (folder / "backup").mkdir(parents=True)
        return Outcome(lesson.name, folder, 1.0, error, None)

    monkeypatch.setattr(choices, "execute", execute)
    lesson = Lesson(tmp_path / "03_x.ipynb", DECLARED)
    assert choices.ended(lesson, {}, tmp_path / "run", None).split(":")[0] == expected


def test_values_that_do_not_go_together_are_refused_without_a_run(tmp_path):
    lesson = Lesson(tmp_path / "03_x.ipynb", DECLARED)
    assert choices.ended(lesson, {"network": "large"}, tmp_path, None).startswith("refused: param")
