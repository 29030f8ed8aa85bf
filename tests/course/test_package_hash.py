"""What the package's hash follows, and what it does not: on copies of the package itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gan_utils.course.package_hash import PACKAGE, package_hash
from gan_utils.data.bundle import data_dir
from gan_utils.judging.evaluators import NAMES

ROOMS = sorted(path.parent.name for path in PACKAGE.glob("[!_.]*/__init__.py"))


class Copy:
    """A copy of the package and of the files of data/ that count, to be changed."""

    def __init__(self, folder: Path):
        self.package, self.data = folder / "gan_utils", folder / "data"
        shutil.copytree(PACKAGE, self.package, ignore=shutil.ignore_patterns("_data"))
        (self.data / "evaluators").mkdir(parents=True)
        shutil.copy(data_dir() / "checksums.json", self.data)
        for name in NAMES:
            shutil.copy(data_dir() / "evaluators" / f"{name}.json", self.data / "evaluators")

    def hash(self) -> str:
        return package_hash(self.package, self.data)


@pytest.fixture
def copy(tmp_path):
    copied = Copy(tmp_path)
    assert copied.hash() == package_hash()
    return copied


def test_line_endings_do_not_count(copy):
    before, changed = copy.hash(), 0
    for path in (*copy.package.rglob("*.py"), *copy.data.rglob("*.json")):
        content = path.read_bytes()
        assert b"\r" not in content
        path.write_bytes(content.replace(b"\n", b"\r\n"))
        changed += b"\n" in content
    assert changed > 50
    assert copy.hash() == before


@pytest.mark.parametrize(
    "name",
    [
        ".ipynb_checkpoints/losses-checkpoint.py",
        "training/.ipynb_checkpoints/losses-checkpoint.py",
        "training/__pycache__/losses.py",
        "training/.#losses.py",
        ".idea/scratch.py",
        "training/losses.py~",
        "training/losses.cpython-311.pyc",
    ],
)
def test_what_editors_and_python_leave_does_not_count(copy, name):
    before = copy.hash()
    path = copy.package / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("left = True\n")
    assert copy.hash() == before


def test_checkpoints_beside_the_data_do_not_count(copy):
    before = copy.hash()
    (copy.data / "evaluators" / ".mnist.json").write_text("{}")
    (copy.data / "README.md").write_text("other words")
    assert copy.hash() == before


def test_a_folder_whose_path_is_hidden_or_named_like_a_room_changes_nothing(tmp_path):
    assert Copy(tmp_path / ".cache" / "course" / "widgets").hash() == package_hash()


def test_the_order_of_the_disk_does_not_count(copy, monkeypatch):
    before = copy.hash()
    for search in ("glob", "rglob"):
        found = getattr(Path, search)
        monkeypatch.setattr(
            Path,
            search,
            lambda self, pattern, found=found: iter(sorted(found(self, pattern), reverse=True)),
        )
    assert copy.hash() == before


@pytest.mark.parametrize("room", ROOMS)
def test_a_change_counts_in_every_room_but_those_outside_of_a_run(copy, room):
    before = copy.hash()
    first = min(path for path in (copy.package / room).rglob("*.py") if path.name != "__init__.py")
    first.write_text(first.read_text(encoding="utf-8") + "\nchanged = True\n", encoding="utf-8")
    new = copy.package / room / "new.py"
    changed = copy.hash()
    new.write_text("")
    outside = room in ("course", "widgets")
    assert (changed == before) == outside
    assert (copy.hash() == changed) == outside


def test_a_change_counts_in_the_modules_beside_the_rooms_and_in_the_data(copy):
    found = [copy.hash()]
    for path in (
        copy.package / "streams.py",
        copy.data / "checksums.json",
        copy.data / "evaluators" / "mnist.json",
    ):
        path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
        found.append(copy.hash())
    (copy.package / "streams.py").rename(copy.package / "brooks.py")
    assert len({*found, copy.hash()}) == 5


def test_rooms_hold_nothing_that_counts_beside_modules():
    """The hash looks at *.py alone, so what results depend on has to be one."""
    others = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    inside = {name for name in others if name.split("/")[0] not in ("course", "widgets", "_data")}
    assert {name for name in inside if "/." not in f"/{name}"} == set()
