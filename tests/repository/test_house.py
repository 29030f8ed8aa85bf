"""The house: its rooms on disk, in the documents, in the imports and in the tests."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.repository

ROOT = Path(__file__).resolve().parents[2]
PACKAGE, TESTS = ROOT / "gan_utils", ROOT / "tests"
LONGEST = 330  # lines of a module that fits in a reader's head

# Modules without a test file of their own name: one file tests what works only together.
TESTED_IN = {
    "errors.py": "metrics/test_bad_input.py",
    "metrics/arrays.py": "metrics/test_bad_input.py",
    "data/checks.py": "data/test_mixtures.py",
    "course/exits.py": "course/test_cli.py",
    "course/running.py": "course/test_cli.py",
    "judging/feature_judge.py": "judging/test_judge.py",
    "fast/convolution.py": "fast/test_layers.py",
    "networks/conditional.py": "networks/test_conditional_networks.py",
    "networks/stacks.py": "networks/test_documents.py",
    "training/keras_callbacks.py": "training/test_trainer.py",
    "training/callbacks.py": "training/test_gan.py",
    "training/checkpoints.py": "training/test_gan.py",
    "training/checks.py": "training/test_gan.py",
    "training/gradients.py": "training/test_gan.py",
    "training/penalties.py": "training/test_losses.py",
    "training/players.py": "training/test_gan.py",
    "training/sources.py": "training/test_gan.py",
    "lesson/history.py": "lesson/test_run.py",
    "lesson/result.py": "lesson/test_run.py",
    "widgets/busy.py": "widgets/test_widgets.py",
    "widgets/classes.py": "widgets/test_widgets.py",
    "widgets/gan_lab.py": "widgets/test_widgets.py",
    "widgets/growing.py": "widgets/test_growing_panel.py",
    "widgets/latent.py": "widgets/test_widgets.py",
    "widgets/panel.py": "widgets/test_widgets.py",
    "widgets/plane_game.py": "widgets/test_widgets.py",
    "widgets/presets.py": "widgets/test_widgets.py",
    "widgets/playground.py": "widgets/test_widgets.py",
    "widgets/targets.py": "widgets/test_widgets.py",
    "course/execution.py": "course/test_cli.py",
    "course/kernel_pool.py": "course/sweeps/test_sweeps.py",
    "course/notebooks.py": "course/test_cli.py",
    "course/pages.py": "course/test_overview.py",
    "course/yaml_nodes.py": "course/sweeps/test_plan.py",
    "course/sweeps/crews.py": "course/sweeps/test_sweeps.py",
    "course/sweeps/progress.py": "course/sweeps/test_sweeps.py",
    "course/sweeps/store.py": "course/sweeps/test_report.py",
    "course/sweeps/tables.py": "course/sweeps/test_report.py",
    "course/sweeps/work.py": "course/sweeps/test_sweeps.py",
}


def modules() -> dict[str, Path]:
    """Every module by its path in the package, those of editors and caches left out."""
    found = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    return {name: path for name, path in sorted(found.items()) if "/." not in f"/{name}"}


def listed(document: str, heading: str) -> list[str]:
    """The rooms that a section of a document lists, in its order: "errors.py", "data/", …"""
    text = (ROOT / document).read_text(encoding="utf-8")
    section = text.split(f"\n{heading}\n")[1].split("\n#")[0]
    return re.findall(r"^\| `([a-z_]+(?:\.py|/))` \| \S.*\|$", section, re.MULTILINE)


ROOMS = listed("CONTRIBUTING.md", "## The house")
LEVEL = {room.removesuffix(".py").removesuffix("/"): level for level, room in enumerate(ROOMS)}


def dotted(name: str) -> str:
    """The name under which a module is imported: "gan_utils.data.images"."""
    parts = f"gan_utils/{name}".removesuffix(".py").removesuffix("/__init__").split("/")
    return ".".join(parts)


KNOWN = {dotted(name): name for name in modules()}


def imports(tree: ast.AST) -> Iterator[str]:
    """The modules of the package that the code below a node imports, by their dotted names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("gan_utils"))
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"line {node.lineno}: write the whole name of what is imported"
            if node.module.split(".")[0] == "gan_utils":
                for alias in node.names:
                    below = f"{node.module}.{alias.name}"
                    yield below if below in KNOWN else node.module


def room_of(module: str) -> str:
    return [*module.split("."), ""][1]


def top_level(tree: ast.Module) -> ast.Module:
    """What runs when a module is imported: no functions, nothing for type checkers alone."""

    class Strip(ast.NodeTransformer):
        def drop(self, node):
            return ast.copy_location(ast.Pass(), node)

        visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = drop

        def visit_If(self, node):
            if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                return self.drop(node)
            return self.generic_visit(node)

    return Strip().visit(tree)


# Documents


def test_the_documents_list_the_rooms_on_disk():
    on_disk = {f"{path.name}/" for path in PACKAGE.glob("[!_.]*/") if any(path.glob("*.py"))}
    on_disk |= {path.name for path in PACKAGE.glob("[!_.]*.py")}
    assert len(ROOMS) == len(set(ROOMS)) and set(ROOMS) == on_disk


def test_the_readme_lists_what_contributing_lists():
    assert listed("README.md", "### The rooms of gan_utils") == ROOMS


def test_files_worth_knowing_are_in_their_room():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+/)` \| [^|]+ \| ([^|]+) \|$", text, re.MULTILINE)
    assert len(rows) == sum(room.endswith("/") for room in ROOMS)
    for room, first in rows:
        files = re.findall(r"`([a-z_]+(?:\.py|/))`", first)
        assert files, f"{room} names no file to open first"
        for file in files:
            inside = [*(PACKAGE / room).rglob(file.rstrip("/"))]
            assert inside, f"CONTRIBUTING.md names {file} in {room}, where there is none"


def test_the_documents_and_scripts_name_files_that_are_there():
    """Paths from the root of the checkout; NN and its like stand for a number."""
    places = "benchmarks|data|gan_utils|notebooks|slides|tests|tools"
    path = rf"(?<![\w/.])(?:{places})/[\w/.-]*\w\.(?:py|md|sh|yaml|ipynb|js|css)\b"
    gone = {
        f"{file}: {name}"
        for file, text in texts()
        if file.endswith((".md", ".sh", ".yml", "Makefile", "make.py"))
        or file.startswith(("tools/", "benchmarks/", "gan_utils/", "tests/support/"))
        for name in re.findall(path, text)
        if not (ROOT / name).exists() and "NN_" not in name and "01_small" not in name
    }
    assert sorted(gone) == []


# Imports


@pytest.mark.parametrize("name", [name for name in modules() if name != "__init__.py"])
def test_a_module_imports_from_its_own_room_and_lower_ones(name):
    own = LEVEL[room_of(dotted(name))]
    for imported in imports(ast.parse(modules()[name].read_text(encoding="utf-8"))):
        room = room_of(imported)
        if room:  # the package itself holds its version, and a short cut
            assert LEVEL[room] <= own, f"{name} imports {imported}, which lies above its room"


def test_no_two_modules_import_each_other():
    graph = {
        module: set(imports(top_level(ast.parse(modules()[name].read_text(encoding="utf-8")))))
        for module, name in KNOWN.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_the_check_sees_upward_imports_wherever_they_stand():
    text = (
        "from typing import TYPE_CHECKING\nimport gan_utils.files\n"
        "if TYPE_CHECKING:\n    from gan_utils.course import cli\n"
        "def f():\n    from gan_utils.data import images, load_images\n"
    )
    assert set(imports(ast.parse(text))) == {
        "gan_utils.files", "gan_utils.course.cli", "gan_utils.data.images", "gan_utils.data",
    }  # fmt: skip
    assert set(imports(top_level(ast.parse(text)))) == {"gan_utils.files"}


# Size


@pytest.mark.parametrize("name", modules())
def test_a_module_fits_in_a_readers_head(name):
    assert len(modules()[name].read_text(encoding="utf-8").splitlines()) <= LONGEST


# Tests


def has_own_test(name: str) -> bool:
    """Whether tests/ holds a file for a module, or one for the folder in a room that it lies in."""
    module = TESTS / name
    own = module.with_name(f"test_{module.name}")
    whole = module.parent.with_name(f"test_{module.parent.name}.py")
    return own.is_file() or (name.count("/") > 1 and whole.is_file())


@pytest.mark.parametrize("name", [n for n in modules() if not n.endswith("__init__.py")])
def test_a_module_has_a_test(name):
    if has_own_test(name):
        assert name not in TESTED_IN, f"{name} has a test file of its own: take it off the list"
    else:
        assert name in TESTED_IN, f"{name} has no test: add tests/{Path(name).parent}/test_…"
        assert (TESTS / TESTED_IN[name]).is_file()


def test_only_modules_that_are_there_are_tested_elsewhere():
    assert TESTED_IN.keys() <= modules().keys()


def test_every_room_has_its_folder_of_tests_and_no_folder_is_without_a_room():
    folders = {path.name for path in TESTS.glob("[!_.]*/") if any(path.glob("**/*.py"))}
    assert folders == {room[:-1] for room in ROOMS if room.endswith("/")} | {
        "notebooks", "repository", "support",
    }  # fmt: skip


def test_test_files_have_names_of_their_own():
    """pytest takes two files of one name for one module."""
    names = [path.name for path in TESTS.rglob("*.py")]
    assert sorted(names) == sorted(set(names))


# Old names


def texts() -> Iterator[tuple[str, str]]:
    """The repository's text, file by file."""
    folders = (".ci", ".github", "benchmarks", "data", "gan_utils", "notebooks", "slides", "tests",
               "tools")  # fmt: skip
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in folders:
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in sorted(found):
        name = path.relative_to(ROOT)
        if any(part.startswith((".ipynb", "__pycache__")) for part in name.parts):
            continue
        if name.parts[-1] == "requirements.lock" or path == Path(__file__).resolve():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture, or weights
        if path.suffix == ".ipynb":
            text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        yield name.as_posix(), text


def unknown_names(text: str) -> Iterator[str]:
    """Names below gan_utils that no module, and nothing in a module, has."""
    names = re.findall(r"\bgan_utils(?:\.[A-Za-z_]\w*)+", text)
    statement = r"\bfrom (gan_utils[\w.]*) import (?:\(([^)]*)\)|([\w, ]+))"
    for module, several, line in re.findall(statement, text):
        given = [part.split() for part in (several or line).split(",")]
        names += [f"{module}.{words[0]}" for words in given if words]
    for name in names:
        known, _, rest = "gan_utils", *name.partition(".")[1:]
        parts = rest.split(".")
        while parts and f"{known}.{parts[0]}" in KNOWN:
            known += f".{parts.pop(0)}"
        # The next part must be a name that the module itself has, or that every module has.
        code = modules()[KNOWN[known]].read_text(encoding="utf-8")
        if parts and not parts[0].startswith("__") and not re.search(rf"\b{parts[0]}\b", code):
            yield name
    for file in re.findall(r"\bgan_utils/([a-z_/]+\.(?:py|js|css|j2))\b", text):
        if not (PACKAGE / file).exists():
            yield f"gan_utils/{file}"


def test_no_old_name_is_left():
    left = {f"{file}: {name}" for file, text in texts() for name in unknown_names(text)}
    assert sorted(left) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from gan_utils.plots import grid", ["gan_utils.plots", "gan_utils.plots.grid"]),
        ("from gan_utils import figures, plots", ["gan_utils.plots"]),
        ("from gan_utils.data import scale, shrink as s", ["gan_utils.data.shrink"]),
        ("see gan_utils.metrics.kernel.", ["gan_utils.metrics.kernel"]),
        ("`gan_utils/architectures.py`", ["gan_utils/architectures.py"]),
        ("gan_utils.GAN, gan_utils.data.load_images and gan_utils.training.gan.GAN", []),
        ("gan_utils/data/images.py, gan_utils/widgets/gan_lab.js", []),
    ],
)
def test_old_names_are_told_from_new_ones(text, found):
    assert list(unknown_names(text)) == found
