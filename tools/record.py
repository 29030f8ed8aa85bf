"""Keep the results of a full run, or the tables of a sweep, under data/recorded/.

    python tools/record.py RUN PICTURE... --command COMMAND --machine MACHINE [--name NAME]
    python tools/record.py SWEEP --command COMMAND --machine MACHINE

RUN is the folder of one finished lesson, such as runs/full/02_mlp_gan_mnist. Its result.json, the
pictures of these names, and history.json and generator.keras where the lesson wrote them, replace
what data/recorded/ held of the lesson. COMMAND and MACHINE are free text and stand in the
recorded result.json, so that a reader can run it again. NAME is the folder under data/recorded/
where a lesson keeps more than one run; it is the lesson's own name otherwise.

SWEEP is the folder of a sweep, such as runs/chile, with no run left to do.  Its tables go to
data/recorded/sweeps/, with a file provenance.json that tells how they came about.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from gan_utils.course.sweeps.report import write_report
from gan_utils.course.sweeps.store import PLAN, stored_runs
from gan_utils.errors import CourseError, OutputError
from gan_utils.files import write_atomically
from gan_utils.lesson.result import read_result

RECORDED = Path(__file__).resolve().parent.parent / "data" / "recorded"
# The whole of data/ travels inside the wheel.
LARGEST = 4_000_000  # bytes of one file
TABLES = ("table.csv", "summary.csv", "comparisons.csv")
OPTIONAL = ("history.json", "generator.keras")


def record(
    run: Path, pictures: Sequence[str], command: str, machine: str, target: Path, name: str = ""
) -> Path:
    """Copy a finished run into `target`/`name`, by default its lesson's, and return that folder.

    Nothing is replaced unless every file is there and small enough; OutputError else.
    """
    result = read_result(run)
    known = {picture["name"]: picture for picture in result["pictures"]}
    if unknown := [name for name in pictures if name not in known]:
        names = ", ".join(known) or "none"
        raise OutputError(f"the run saved no picture `{unknown[0]}`; there are: {names}.")
    result["pictures"] = [known[name] for name in pictures]
    result["command"] = command
    result["machine"]["name"] = machine
    # Where the run's files lay says nothing to others.
    result["parameters"].pop("folder", None)
    files = [known[picture]["file"] for picture in pictures]
    files += [file for file in OPTIONAL if (run / file).exists()]
    contents = {file: _read(run / file) for file in files}
    contents["result.json"] = (json.dumps(result, indent=1, ensure_ascii=False) + "\n").encode()
    folder = target / (name or result["lesson"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file, content in contents.items():
        write_atomically(folder / file, content)
    return folder


def record_sweep(sweep: Path, command: str, machine: str, target: Path) -> Path:
    """Copy a sweep's tables into `target`/sweeps/ and return their folder; OutputError."""
    known = stored_runs(sweep)
    if missing := sum(run.state == "missing" for run in known):
        raise OutputError(f"{sweep} has {missing} runs to do: let the sweep come to its end.")
    results = [run.result for run in known if run.result]
    if not results:
        raise OutputError(f"{sweep} has no run that succeeded: there is nothing to record.")
    write_report(sweep)
    contents = {file: _read(sweep / file) for file in TABLES}
    provenance = {
        "command": command,
        "machine": {**results[0]["machine"], "name": machine},
        "package": results[0]["package"],
        "versions": results[0]["versions"],
        "minutes": round(sum(run.minutes for run in known), 1),
        "runs": len(known),
        "failed": sum(run.state == "failed" for run in known),
    }
    contents["provenance.json"] = (json.dumps(provenance, indent=1) + "\n").encode()
    folder = target / "sweeps" / sweep.resolve().name
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in contents.items():
        write_atomically(folder / file, content)
    return folder


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OutputError(
            f"{path} cannot be read ({error.strerror}): run the lesson again."
        ) from None
    if len(content) > LARGEST:
        raise OutputError(
            f"{path} has {len(content):,} bytes, more than {LARGEST:,}: record a smaller file."
        )
    return content


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="folder of a finished lesson or of a sweep"
    )
    parser.add_argument("pictures", nargs="*", metavar="PICTURE", help="pictures to keep")
    parser.add_argument("--command", required=True, help="what was typed to get the run")
    parser.add_argument("--machine", required=True, help="such as '2 cores, Intel Xeon'")
    parser.add_argument("--name", default="", help="folder to record in; default: the lesson")
    options = parser.parse_args(arguments)
    try:
        origin = (options.command, options.machine, RECORDED)
        if (options.run / PLAN).exists():
            folder = record_sweep(options.run, *origin)
        else:
            folder = record(options.run, options.pictures, *origin, options.name)
    except CourseError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"recorded {folder.relative_to(RECORDED.parent.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
