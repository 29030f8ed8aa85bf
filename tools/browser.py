"""Pages in headless Chromium, and a JupyterLab to open in them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from gan_utils.course.deaths import how_it_ended, last_words

TOKEN = "only-on-this-machine"


def find_chromium() -> str | None:
    """The program that shows pages, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


@dataclass
class Watched:
    """requests: addresses that the page asked for. faults: its errors and what it logged."""

    page: Any
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class BrowserDied(Exception):
    """How a browser ended in the middle of its work, in one sentence."""


def _died(error: Exception) -> BrowserDied:
    """The sentence on a browser that is gone, of what Playwright says of it."""
    text = str(error)
    code = re.search(r"process did exit: exitCode=(\d+|null), signal=(\w+)", text)
    how = "is gone"
    if code:
        how = how_it_ended(-signal.Signals[code[2]] if code[1] == "null" else int(code[1]))
    words = last_words(re.findall(r"\[err\] (.*)", text)) or text.splitlines()[0]
    return BrowserDied(f"the browser {how}: {words.rstrip('.')}.")


@contextmanager
def open_browser(width: int, height: int, scale: float = 1) -> Iterator[Watched]:
    """A new page of this size, with `scale` pixels of a screenshot for each of its own.

    Raises BrowserDied where the browser does not start, or ends before it is closed.
    """
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(),
                args=["--no-sandbox", "--disable-background-networking"],
            )
        except Error as error:
            raise _died(error) from None
        page = browser.new_page(
            viewport={"width": width, "height": height}, device_scale_factor=scale
        )
        watched = Watched(page)
        page.on("request", lambda request: watched.requests.append(request.url))
        page.on("console", lambda message: watched.faults.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: watched.faults.append(f"error: {error.stack}"))
        try:
            yield watched
        except Error as error:
            if browser.is_connected():
                raise
            raise _died(error) from None
        finally:
            browser.close()


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """A JupyterLab on this folder, with settings of its own; gives its address."""
    runtime = folder / ".jupyter" / "runtime"
    env = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folder / ".jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(folder / ".jupyter" / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        "--expose-app-in-browser", "--ServerApp.port=0", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}",
    ]  # fmt: skip
    log = folder / ".jupyter" / "log"
    # It would ask its makers for news otherwise.
    quiet = folder / ".jupyter/config/lab/user-settings/@jupyterlab/apputils-extension"
    quiet.mkdir(parents=True, exist_ok=True)
    (quiet / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    with open(log, "wb") as stream:
        process = subprocess.Popen(
            command, env=env, stdout=stream, stderr=stream, cwd=folder, start_new_session=True
        )
    try:
        latest = time.monotonic() + 60
        while not (url := _address(runtime)):
            if process.poll() is not None or time.monotonic() > latest:
                raise RuntimeError(f"JupyterLab did not start: {log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()  # it ends its Jupyter kernels
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _address(runtime: Path) -> str | None:
    for file in runtime.glob("jpserver-*.json"):
        try:
            return json.loads(file.read_text())["url"]
        except ValueError:  # it is being written
            return None
    return None


class Notebook:
    """A notebook of some cells, opened in a JupyterLab and run."""

    def __init__(self, watched: Watched, url: str, folder: Path, sources: list[str]):
        self.watched, self.page, self.url = watched, watched.page, url
        name = f"notebook-{time.monotonic_ns()}.ipynb"
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in sources],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, folder / name)
        self.page.goto(f"{url}lab/tree/{name}?token={TOKEN}&reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
        )
        self.command("notebook:run-all-cells")

    def command(self, name: str) -> None:
        """One of JupyterLab's commands, on this notebook."""
        self.page.evaluate("name => void jupyterapp.commands.execute(name)", name)

    def kernel(self) -> str:
        """The address of the notebook's Jupyter kernel."""
        number = self.page.evaluate(
            "jupyterapp.shell.currentWidget.sessionContext.session.kernel.id"
        )
        return f"{self.url}api/kernels/{number}"

    def _post_to_kernel(self, what: str) -> None:
        headers = {"Authorization": f"token {TOKEN}"}
        self.page.request.post(f"{self.kernel()}/{what}", headers=headers)

    def interrupt(self) -> None:
        """What the button with the square does."""
        self._post_to_kernel("interrupt")

    def restart(self) -> None:
        """A new Jupyter kernel, without running anything."""
        self._post_to_kernel("restart")

    def run(self, source: str) -> None:
        """Run a line in the Jupyter kernel beside the notebook; does not wait for it."""
        self.page.evaluate(
            "code => void jupyterapp.shell.currentWidget.sessionContext.session.kernel"
            ".requestExecute({code})",
            source,
        )

    def wait_until(self, selector: str, words: str, milliseconds: int = 30_000) -> None:
        """Wait until the first element of a selector says these words, or some of them."""
        self.page.wait_for_function(
            "([selector, words]) => document.querySelector(selector)?.textContent.includes(words)",
            arg=[selector, words],
            timeout=milliseconds,
        )
