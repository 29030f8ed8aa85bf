"""A process that executes notebooks with papermill, one after another.

`Runner` is the caller's side; `python -m gan_utils.course.execution` is the process itself, which
reads one request a line and answers each with one line.  What papermill and TensorFlow take to
load is paid once, however many notebooks follow.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue

from gan_utils.course.deaths import add_line, ended, last_lines, lines_at_end
from gan_utils.training import PROGRESS

# Variables that are set where they are not: figures are shown in the notebook, as in any Jupyter
# kernel, though Matplotlib is loaded before there is one.
DEFAULTS = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
# And one that may not be anything else: Keras reads it before the course can say so.
NEEDED = {"KERAS_BACKEND": "tensorflow"}

TOO_LONG = "a cell took longer than"
DEAD, SLOW = "Kernel died", "Kernel didn't respond"  # how two errors of Jupyter begin
ENGINE = "gan-course"  # papermill's word for what executes
START_SECONDS = 600  # a kernel on a slow disk or a busy machine needs more than the usual 60
NOTE = "progress.json"  # beside a run's log: how far its training has come


class Runner:
    """Executes notebooks in a process of its own, which is started when first needed.

    Use it in a `with` statement, or call `close`: whatever runs then is ended.
    """

    def __init__(self):
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def execute(
        self,
        notebook: Path,
        output: Path,
        parameters: Mapping,
        log: Path,
        cell_seconds: int | None = None,
        told: Callable[[dict], None] = lambda cell: None,
    ) -> str:
        """Execute a notebook; return why it failed, or nothing.

        `output` is the executed notebook, which grows cell by cell; `log` gets what the kernel
        and papermill print, after what it holds already. `told` is called when a cell begins, with
        its number ("cell"), their number ("cells") and the heading above it.
        """
        process = self._process
        if process is None or process.poll() is not None:
            process = self._process = self._started()
        request = {
            "notebook": str(notebook), "output": str(output), "parameters": dict(parameters),
            "log": str(log), "cell_seconds": cell_seconds,
        }  # fmt: skip
        begun = log.stat().st_size if log.exists() else 0
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            while answer := process.stdout.readline():
                self._at_work = True
                content = json.loads(answer)
                if "error" in content:
                    return content["error"]
                told(content)
        except (BrokenPipeError, ValueError):  # ended, or closed by another thread
            pass
        except BaseException:  # interrupted: the kernel goes with the process
            self.close()
            raise
        code = process.wait()
        # What it said before it was at work did not go into the log.
        lines = [] if self._at_work or self._errors.closed else lines_at_end(self._errors)
        said = ended("the process that ran it", code, [*lines, *last_lines(log, begun)])
        self.close()
        add_line(log, said)
        return said

    def close(self) -> None:
        """End the process, and the kernel with it."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()
            self._process.stdout.close()
            self._errors.close()
            self._process = None

    def _started(self) -> subprocess.Popen:
        self._at_work = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, it lives as long as the process
        return subprocess.Popen(
            # Without the current folder, in which a `random.py` may lie.
            [sys.executable, "-P", "-m", "gan_utils.course.execution"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**DEFAULTS, **os.environ, **NEEDED},
            text=True,
            start_new_session=True,  # an interrupt at the terminal is the caller's to handle
        )


def _serve() -> None:
    """Answer requests until the caller is gone."""
    from gan_utils.course.kernel_pool import LOG, use_copies

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    requests: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    use_copies()
    while True:
        request = json.loads(requests.get())
        with open(request["log"], "ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        os.environ[LOG] = request["log"]
        os.environ[PROGRESS] = str(Path(request["log"]).with_name(NOTE))

        def answer(content: dict) -> None:
            print(json.dumps(content), file=answers, flush=True)

        _use_engine(answer)
        answer({"error": _execute(request)})


def _read(requests: SimpleQueue[str]) -> None:
    """Pass on what the caller writes; end everything when the caller is gone."""
    for line in sys.stdin:
        requests.put(line)
    os._exit(1)


def _use_engine(tell: Callable[[dict], None]) -> None:
    """Let papermill execute with an engine that tells of each cell when it begins."""
    from papermill.engines import NBClientEngine, papermill_engines

    class Engine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man, *arguments, **options):
            begin, places = nb_man.cell_start, places_of(nb_man.nb.cells)

            def cell_start(cell, cell_index=None, **more):
                if cell_index in places:
                    tell(places[cell_index])
                return begin(cell, cell_index, **more)

            nb_man.cell_start = cell_start
            return super().execute_managed_notebook(nb_man, *arguments, **options)

    papermill_engines.register(ENGINE, Engine)


def places_of(cells: Sequence[Mapping]) -> dict[int, dict]:
    """Where each code cell stands, by its index: its number, their number, the heading above."""
    code = [index for index, cell in enumerate(cells) if cell["cell_type"] == "code"]
    places, heading = {}, ""
    for index, cell in enumerate(cells):
        if cell["cell_type"] == "markdown":
            for line in cell["source"].splitlines():
                heading = line.lstrip("# ") if line.startswith("#") else heading
        elif index in code:
            place = {"cell": code.index(index) + 1, "cells": len(code), "heading": heading}
            places[index] = place
    return places


def _without_null_tags(notebook: Path, copy: Path) -> bool:
    """Write a notebook with `tags: null`, over which papermill stumbles, to `copy` without them."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    empty = [cell["metadata"] for cell in content["cells"] if "tags" in cell["metadata"]]
    empty = [metadata for metadata in empty if metadata["tags"] is None]
    for metadata in empty:
        metadata["tags"] = []
    if empty:
        copy.write_text(json.dumps(content), encoding="utf-8")
    return bool(empty)


def _execute(request: Mapping) -> str:
    import papermill
    from nbclient.exceptions import CellTimeoutError

    from gan_utils.course.kernel_pool import latest_code

    log = Path(request["log"])
    begun = log.stat().st_size
    # Papermill fills in {name} in paths, so braces in a folder's name are doubled.
    source, target = (
        request[name].replace("{", "{{").replace("}", "}}") for name in ("notebook", "output")
    )
    try:
        if _without_null_tags(Path(request["notebook"]), Path(request["output"])):
            source = target
        # The kernel is that of this environment, whatever name the notebook was saved under.
        papermill.execute_notebook(
            source, target, request["parameters"], engine_name=ENGINE, kernel_name="python3",
            language="python", progress_bar=False, log_output=False, start_timeout=START_SECONDS,
            execution_timeout=request["cell_seconds"],
        )  # fmt: skip
    except CellTimeoutError:
        return f"{TOO_LONG} the {request['cell_seconds']} cell_seconds of the sweep"
    except Exception as error:  # whatever it is, it goes back as the run's outcome
        lines = last_lines(log, begun)
        traceback.print_exc()
        words = str(error) if isinstance(error, RuntimeError) else ""
        if words.startswith(DEAD):
            told = "DeadKernelError: " + ended("the Jupyter kernel", latest_code(), lines)
        elif words.startswith(SLOW):
            told = (
                f"SlowStart: the Jupyter kernel did not answer within {START_SECONDS} seconds: "
                "run it again when the machine has less to do."
            )
        else:
            return f"{type(error).__name__}: {error}"
        add_line(log, told)
        return told
    return ""


if __name__ == "__main__":
    _serve()
