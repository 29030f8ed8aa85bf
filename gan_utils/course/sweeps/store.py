"""A sweep's folder: what was planned, and what came out of it.

sweep.json                  the plan, written when a sweep is started
<lesson>-<hash>/            one run: its notebook, result.json, pictures, run.log
<lesson>-<hash>/failed.json instead of result.json: why it failed
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_utils.course.sweeps.plan import Planned
from gan_utils.errors import CheckpointError, OutputError
from gan_utils.files import make_folder, write_atomically
from gan_utils.lesson.result import read_result
from gan_utils.training.checkpoints import read_value

PLAN = "sweep.json"
FAILED = "failed.json"


@dataclass(frozen=True)
class StoredRun:
    """One run as its folder shows it: `state` is "done", "failed" or "missing".

    `error` says why it failed, or, of a missing one, that there is a result which is damaged.
    """

    name: str
    lesson: str
    values: Mapping[str, Any]
    folder: Path
    state: str
    minutes: float
    error: str
    result: Mapping[str, Any] | None


def write_plan(folder: Path, runs: Sequence[Planned]) -> str:
    """Write `sweep.json` and return its token, by which a worker knows the folder again."""
    token = secrets.token_hex(8)
    plan = [
        {"name": run.name, "lesson": run.lesson.name, "values": dict(run.values)} for run in runs
    ]
    text = json.dumps({"token": token, "runs": plan}, indent=1, ensure_ascii=False)
    write_atomically(folder / PLAN, text.encode())
    return token


def token_of(folder: Path) -> str:
    """The token of the plan in a folder; empty where there is none."""
    try:
        return json.loads((folder / PLAN).read_text(encoding="utf-8"))["token"]
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def stored_runs(folder: Path) -> list[StoredRun]:
    """Every run of the plan in `folder`, in its order; OutputError where there is no plan."""
    try:
        plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))["runs"]
        return [stored_run(folder, run["name"], run["lesson"], run["values"]) for run in plan]
    except OSError as error:
        reason = error.strerror.lower()
    except (ValueError, LookupError, TypeError):
        reason = "it is damaged"
    raise OutputError(f"{folder / PLAN} cannot be read ({reason}): run the sweep again.")


def stored_run(folder: Path, name: str, lesson: str, values: Mapping[str, Any]) -> StoredRun:
    """What the folder of a run shows."""
    run_folder = folder / name
    result, state, minutes, error = None, "missing", 0.0, ""
    try:
        result = read_result(run_folder)
        state, minutes = "done", result["minutes"]
    except OutputError as damage:
        try:
            failure = json.loads((run_folder / FAILED).read_text(encoding="utf-8"))
            state, minutes, error = "failed", float(failure["minutes"]), str(failure["error"])
        except (OSError, ValueError, LookupError, TypeError):
            if (run_folder / "result.json").exists():
                error = str(damage)
    return StoredRun(name, lesson, values, run_folder, state, minutes, error, result)


def reached(folder: Path) -> dict[str, int]:
    """The step of each backup in a run's folder: how far its trainings had come when it ended."""
    steps = {}
    for path in (folder / "backup").glob("*.npz"):
        with suppress(CheckpointError):
            steps[path.name] = int(read_value(path, "kept/steps_done"))
    return steps


def note_failure(folder: Path, error: str, minutes: float) -> None:
    """Write into a run's folder why it failed."""
    make_folder(folder)
    text = json.dumps({"error": error, "minutes": round(minutes, 3)}, ensure_ascii=False)
    write_atomically(folder / FAILED, text.encode())
