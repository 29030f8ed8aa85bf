"""Runs that were cut off and go on: what is finished stays, and the rest ends as it would have."""

import json
import signal
import subprocess

import pytest

from commands import runner
from gan_utils.course import cli
from gan_utils.course.batches import PLAN, finished, read_batch, write_batch
from gan_utils.course.notebooks import find_lessons
from gan_utils.errors import CourseError
from sentences import one_sentence
from small_course import COURSE, START, environment, put, wait

NOTED = "from pathlib import Path\n\nwith Path('times').open('a') as file:\n    file.write('x')"


@pytest.fixture
def begun(tmp_path):
    """A batch of two small lessons of which none has been run."""
    lessons = find_lessons([str(put(tmp_path / "notebooks" / f"0{n}_small.ipynb")) for n in (1, 2)])
    values = {
        lesson.name: {"seed": 3, "rate": 2e-4, "average": False, "note": "3"} for lesson in lessons
    }
    out = tmp_path / "out"
    out.mkdir()
    write_batch(out, lessons, values)
    return out, lessons, values


def test_what_was_to_be_run_comes_back_with_its_types(begun):
    out, lessons, values = begun
    again, found = read_batch(out)
    assert [lesson.name for lesson in again] == [lesson.name for lesson in lessons]
    for name, given in values.items():
        assert {key: found[name][key] for key in given} == given
        assert [type(found[name][key]) for key in given] == [int, float, bool, str]


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    """SIGKILL in the second of three lessons: the first is not run again, the others end."""
    done = 'run.score("epochs", epochs)\nrun.finish()'
    stop = (
        "import time\n\nPath('begun').touch()\nwhile not Path('go').exists():\n    time.sleep(0.1)"
    )
    for number, cells in enumerate(
        ([START, NOTED, done], [START, NOTED, stop, done], [START, NOTED, done])
    ):
        put(tmp_path / "notebooks" / f"0{number + 1}_small.ipynb", *cells)
    command = {"cwd": tmp_path, "env": environment(), "text": True, "stdout": subprocess.PIPE}
    process = subprocess.Popen(
        [*COURSE, "run", "all", "-p", "epochs", "7", "--out", "out"],
        start_new_session=True,
        **command,
    )
    wait((tmp_path / "begun").exists, 120)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    (tmp_path / "go").touch()
    first = (tmp_path / "out" / "01_small" / "result.json").read_bytes()

    again = subprocess.run([*COURSE, "run", "--resume", "out"], **command)
    assert again.returncode == 0, again.stdout
    assert "01_small  was finished before" in again.stdout
    assert (tmp_path / "times").read_text() == "x" * 4  # the second lesson twice
    assert (tmp_path / "out" / "01_small" / "result.json").read_bytes() == first
    for number in (1, 2, 3):
        (lesson,) = find_lessons([str(tmp_path / "notebooks" / f"0{number}_small.ipynb")])
        outcome = finished(lesson, tmp_path / "out" / lesson.name)
        assert outcome.result["parameters"]["epochs"] == 7
    assert "Overview" in again.stdout and (tmp_path / "out" / "index.html").exists()


def damaged(out, lessons, case):
    plan = out / PLAN
    content = json.loads(plan.read_text())
    if case == "nothing":
        plan.unlink()
    elif case == "torn":
        plan.write_text(plan.read_text()[:-20])
    elif case == "a list":
        plan.write_text("[1]")
    elif case == "package":
        plan.write_text(json.dumps(content | {"package": "0" * 64}))
    elif case == "notebook":
        put(lessons[1].path, "another = 1")
    elif case == "gone":
        lessons[1].path.unlink()
    elif case == "value":
        content["lessons"][0]["values"]["rate"] = 7.0
        plan.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("nothing", "holds no run that could go on"),
        ("torn", "cannot be read"),
        ("a list", "cannot be read"),
        ("package", "the course has changed since"),
        ("notebook", "lesson 02_small has changed since"),
        ("gone", "no lesson"),
        ("value", "`rate` is 7.0, above its highest value 1"),
    ],
)
def test_what_cannot_go_on_is_one_sentence(begun, case, words):
    out, lessons, _ = begun
    damaged(out, lessons, case)
    with pytest.raises(CourseError) as caught:
        read_batch(out)
    assert words in one_sentence(caught)
    result = runner().invoke(cli.app, ("run", "--resume", str(out)))
    assert result.exit_code == 2 and words in result.output


def test_a_lesson_without_a_whole_result_is_not_finished(begun, tmp_path):
    _, (lesson, _), _ = begun
    assert finished(lesson, tmp_path / "nowhere") is None
    (tmp_path / "result.json").write_text('{"lesson": "01_small"')
    assert finished(lesson, tmp_path) is None
