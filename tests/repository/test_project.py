"""The files around the package agree with each other: one source, copies that are held to it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gan_utils import __version__
from notebook_rules import colab_address

pytestmark = pytest.mark.repository

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
REPOSITORY = PROJECT["urls"]["Repository"]
EXTRAS = PROJECT["optional-dependencies"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="make and sh are not on Windows")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def requirements(*extras: str) -> list[Requirement]:
    """What the package and these extras ask for, as pyproject.toml lists it."""
    lines = PROJECT["dependencies"] + [line for extra in extras for line in EXTRAS[extra]]
    return [Requirement(line) for line in lines]


# Dependencies


def test_tensorflow_is_only_in_the_extras_that_choose_it():
    holders = {
        extra
        for extra in EXTRAS
        for requirement in requirements(extra)
        if requirement.name.startswith("tensorflow")
    }
    assert not any(item.name.startswith("tensorflow") for item in requirements())
    assert holders == {"cpu", "gpu"}


@pytest.mark.parametrize(
    ("platform", "machine", "package"),
    [
        ("linux", "x86_64", "tensorflow-cpu"),
        ("win32", "AMD64", "tensorflow-cpu"),
        ("linux", "aarch64", "tensorflow"),
        ("darwin", "arm64", "tensorflow"),
    ],
)
def test_each_platform_gets_one_tensorflow(platform, machine, package):
    environment = {"sys_platform": platform, "platform_machine": machine}
    lines = map(Requirement, EXTRAS["cpu"])
    assert [line.name for line in lines if line.marker.evaluate(environment)] == [package]


def test_conda_environment_lists_what_pyproject_lists():
    environment = yaml.safe_load(text("environment.yml"))
    *conda, last = environment["dependencies"]
    listed = [*conda, *(item for item in last["pip"] if not item.startswith("--"))]
    found = {line.name: line.specifier for line in map(Requirement, listed) if line.name != "pip"}
    # conda-forge has one name for both builds of TensorFlow.
    expected = {
        item.name.replace("tensorflow-cpu", "tensorflow"): item.specifier
        for item in requirements("cpu", "lab", "sweep", "dev")
    }
    expected["python"] = Requirement(f"python{PROJECT['requires-python']}").specifier
    assert found == expected


def locked() -> list[tuple[Requirement, list[str]]]:
    """The entries of requirements.lock, each with its hashes."""
    entries = []
    for line in text("requirements.lock").splitlines():
        if line and line[0] not in " #":
            entries.append((Requirement(line.removesuffix("\\")), []))
        elif hashed := re.fullmatch(r"    --hash=sha256:([0-9a-f]{64})( \\)?", line):
            entries[-1][1].append(hashed[1])
        else:
            assert line.lstrip().startswith("#"), line
    return entries


def test_lock_pins_and_hashes_every_entry():
    entries = locked()
    assert len(entries) > 100
    for requirement, hashes in entries:
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert hashes, requirement


def test_lock_names_no_address_and_no_path():
    assert "/" not in text("requirements.lock")


def test_lock_serves_every_dependency():
    versions: dict[str, list[str]] = {}
    for entry, _ in locked():
        pinned = str(entry.specifier).removeprefix("==")
        versions.setdefault(canonicalize_name(entry.name), []).append(pinned)
    for requirement in requirements("cpu", "lab", "sweep", "dev"):
        pinned = versions.get(canonicalize_name(requirement.name))
        assert pinned, f"{requirement.name} is not in requirements.lock: run `make lock`"
        assert all(map(requirement.specifier.contains, pinned)), f"{requirement}: run `make lock`"


# The repository's address and the version


def test_version_has_one_source():
    assert PROJECT["dynamic"] == ["version"] and "version" not in PROJECT
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "gan_utils/__init__.py"


def test_citation_agrees():
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["repository-code"] == REPOSITORY
    assert citation["version"] == __version__
    assert citation["license"] == PROJECT["license"]


def test_readme_has_the_badge_of_every_lesson():
    found = re.findall(r"https://colab\.research\.google\.com/github/[^\s)\"']+", text("README.md"))
    lessons = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    assert lessons
    expected = [colab_address(REPOSITORY, __version__, path.name) for path in lessons]
    assert sorted(set(found)) == expected


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_text_names_this_repository_where_it_installs_or_clones(name):
    found = re.findall(r"git\+[^\s\"'`)]+|git clone [^\s`]+", text(name))
    allowed = {f"git+{REPOSITORY}@v{__version__}", f"git clone {REPOSITORY}"}
    assert set(found) <= allowed


# Commands


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*## \S", text("Makefile"), re.MULTILINE))


def test_every_make_target_is_described_and_phony():
    assert targets() >= {"run", "test", "lab", "notebooks", "lock", "data", "evaluators", "compat"}
    phony = re.search(r"^\.PHONY: (.*)$", text("Makefile"), re.MULTILINE)[1]
    assert set(phony.split()) == targets()


@needs_posix
@pytest.mark.parametrize("target", sorted(targets()))
def test_make_understands_every_target(target):
    command = ["make", "--dry-run", "--old-file=.venv/.installed", target]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@needs_posix
@pytest.mark.parametrize("user", [0, 1000])
def test_the_lab_opens_for_root_too(tmp_path, user):
    """In a container one is often root, which Jupyter refuses unless it is told so."""
    for name, script in (("id", f"echo {user}"), ("jupyter", 'echo "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["make", "--silent", "lab", f"BIN={tmp_path}", "READY="], cwd=ROOT, check=True,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["lab", *["--allow-root"][user:], "notebooks"]


def test_documents_and_workflows_name_existing_targets_and_all_of_them():
    pages = "\n".join([text("README.md"), text("CONTRIBUTING.md")])
    named = re.findall(r"(?:`|^)make ((?:[a-z]+ ?)+)", pages, re.MULTILINE)
    documented = {target for group in named for target in group.split()}
    assert documented == targets()


def test_readme_gives_the_two_commands():
    assert {"make run", "make test", "make lab"} <= set(
        re.findall(r"make [a-z]+", text("README.md"))
    )


def steps(path: Path) -> list[dict]:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    # YAML reads the key `on` as true.
    assert workflow["name"] and workflow[True]
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_calls_existing_targets(path):
    scripts = [step["run"] for step in steps(path) if "run" in step]
    called = {
        target
        for script in scripts
        for group in re.findall(r"^make (.+)$", script, re.MULTILINE)
        for target in group.split()
    }
    assert scripts and called <= targets()
    assert "make test" in scripts or path.name != "test.yml"
    # An input in the text of a script could run as a command.
    assert not any("${{ inputs" in script for script in scripts)


def test_ci_runs_the_tests():
    script = ROOT / ".ci" / "run"
    assert "make test" in script.read_text(encoding="utf-8").splitlines()
    assert sys.platform == "win32" or os.access(script, os.X_OK)


# Line endings


def test_text_keeps_its_line_endings_and_binaries_their_bytes():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is no checkout of git")
    names = [name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]
    asked = subprocess.run(
        ["git", "check-attr", "-z", "--stdin", "text", "eol"],
        cwd=ROOT, input="\0".join(names), capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = asked.stdout.split("\0")
    attributes = {
        (name, key): value
        for name, key, value in zip(told[::3], told[1::3], told[2::3], strict=False)
    }
    binary = {name for name in names if b"\0" in (ROOT / name).read_bytes()}
    assert {Path(name).suffix for name in binary} == {".keras", ".npz", ".png"}
    for name in names:
        if name in binary:
            assert attributes[name, "text"] == "unset", name
        else:
            assert attributes[name, "text"] in ("set", "auto"), name
            assert attributes[name, "eol"] == "lf", name
            assert b"\r" not in (ROOT / name).read_bytes(), name


# What is shipped


def test_data_stays_small():
    size = sum(path.stat().st_size for path in (ROOT / "data").rglob("*") if path.is_file())
    assert 0 < size < 32e6


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (path,) = folder.iterdir()
    with zipfile.ZipFile(path) as archive:
        yield archive


def shipped(folder: str) -> set[str]:
    """The files of a folder of the checkout that belong in the wheel, relative to it."""
    paths = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT / folder).as_posix() for path in paths if path.suffix != ".pyc"}


def test_wheel_holds_the_package_and_its_data_and_nothing_else(wheel):
    information = f"gan_course-{__version__}.dist-info/"
    found = {name for name in wheel.namelist() if not name.startswith(information)}
    data = {name for name in shipped("data") if not name.endswith(".py")}
    assert {"README.md", "checksums.json", "mnist.npz", "fashion_mnist.npz"} <= data
    assert {"evaluators/mnist.keras", "evaluators/fashion_mnist.keras"} <= data
    modules = {f"gan_utils/{name}" for name in shipped("gan_utils")}
    notebooks = shipped("notebooks") - {"conftest.py"}
    assert {"03_dcgan_fashion.ipynb", "studies/growing.ipynb", "sweeps/growing.yaml"} <= notebooks
    tracked = {name for name in notebooks if "runs/" not in name and "/." not in f"/{name}"}
    assert found == (
        modules
        | {f"gan_utils/_data/{name}" for name in data}
        | {f"gan_utils/_notebooks/{name}" for name in tracked}
    )


def test_wheel_describes_itself(wheel):
    information = f"gan_course-{__version__}.dist-info"
    metadata = wheel.read(f"{information}/METADATA").decode()
    asked = [Requirement(line) for line in re.findall(r"^Requires-Dist: (.*)$", metadata, re.M)]
    without_extras = [
        item.name for item in asked if not item.marker or item.marker.evaluate({"extra": ""})
    ]
    assert sorted(without_extras) == sorted(item.name for item in requirements())
    assert f"Version: {__version__}\n" in metadata
    assert (
        "gan-course = gan_utils.course.cli:app"
        in wheel.read(f"{information}/entry_points.txt").decode()
    )
    assert f"{information}/licenses/LICENSE" in wheel.namelist()


# The first installation


@pytest.fixture
def checkout(tmp_path):
    """A folder with only bootstrap.sh, and beside it a PATH with only what the script calls."""
    if sys.platform == "win32":
        pytest.skip("make and sh are not on Windows")
    root = tmp_path / "course"
    (root / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "bootstrap.sh", root / "tools")
    (tmp_path / "path").mkdir()
    for tool in ("awk", "df", "dirname", "sh"):
        (tmp_path / "path" / tool).symlink_to(shutil.which(tool))
    return root


def put(root: Path, name: str, script: str) -> None:
    """Put a program of this text on the PATH of the checkout."""
    program = root.parent / "path" / name
    program.unlink(missing_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def put_python(root: Path, name: str, module: str = "", content: str = "") -> None:
    """Put a Python on the PATH that finds `module` with this content before its own."""
    modules = root.parent / f"{name}-modules"
    modules.mkdir()
    if module:
        (modules / f"{module}.py").write_text(content)
    put(root, name, f"PYTHONPATH='{modules}' exec '{sys.executable}' \"$@\"")


def put_python_of_version(root: Path, name: str, *version: int) -> None:
    content = f"import sys\nsys.version_info = {(*version, 0, 'final', 0)}\n"
    put_python(root, name, "sitecustomize", content)


def refusal(root: Path) -> str:
    """The one sentence with which bootstrap.sh refuses, having made nothing."""
    command = ["sh", str(root / "tools" / "bootstrap.sh")]
    environment = {"PATH": str(root.parent / "path")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert done.stdout == ""
    assert not (root / ".venv").exists()
    assert re.fullmatch(r"Error: [^\n]+\.\n", done.stderr), done.stderr
    return done.stderr


@pytest.mark.parametrize("version", [(2, 7), (3, 9), (3, 10), (3, 14), (4, 0)])
def test_bootstrap_refuses_an_unsuitable_python(checkout, version):
    put_python_of_version(checkout, "python3", *version)
    shown = ".".join(map(str, version))
    assert f"Python 3.11, 3.12 or 3.13 is needed and python3 is {shown};" in refusal(checkout)


def test_bootstrap_says_that_there_is_no_python(checkout):
    assert "no Python was found" in refusal(checkout)


def test_bootstrap_passes_over_a_launcher_that_starts_nothing(checkout):
    put(checkout, "python3", "echo 'no version is chosen' >&2; exit 127")
    assert "no Python was found" in refusal(checkout)


def test_bootstrap_asks_for_the_venv_module(checkout):
    put_python(checkout, "python3", "ensurepip", "raise ImportError\n")
    assert "python3 has no venv module" in refusal(checkout)


def test_bootstrap_asks_for_disk_space(checkout):
    put_python(checkout, "python3")
    put(checkout, "df", "echo Filesystem; echo disk 9000000 5000000 3145728 60% /")
    assert "needs 4 GiB of free disk space and only 3072 MiB are free" in refusal(checkout)


def test_bootstrap_prefers_a_suitable_python_to_the_default_one(checkout):
    put_python_of_version(checkout, "python3", 3, 14)
    put_python(checkout, "python3.12")
    put(checkout, "df", "echo Filesystem; echo disk 9000000 9000000 0 100% /")
    assert "only 0 MiB are free" in refusal(checkout)
