"""A notebook is tested although another process took a port of its kernel."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

CONFTEST = Path(__file__).resolve().parents[2] / "notebooks" / "conftest.py"
# A plugin of pytest: the first port that Jupyter chooses is taken before the kernel opens it.
TAKES_A_PORT = """
import socket
from jupyter_client.connect import LocalPortCache

choose, taken = LocalPortCache.find_available_port, []

def chosen(self, address):
    port = choose(self, address)
    if not taken:
        taken.append(socket.socket())
        taken[0].bind((address, port))
        taken[0].listen()
    return port

LocalPortCache.find_available_port = chosen
"""


@pytest.mark.parametrize("with_conftest", [True, False])
def test_a_taken_port(tmp_path, with_conftest):
    (tmp_path / "takes_a_port.py").write_text(TAKES_A_PORT)
    notebook = new_notebook(cells=[new_code_cell("assert 1 + 1 == 2")])
    nbformat.write(notebook, tmp_path / "small.ipynb")
    if with_conftest:
        shutil.copy(CONFTEST, tmp_path)
    options = ["-p", "takes_a_port", "--nbval-lax", "--nbval-current-env", "-c", "/dev/null"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "small.ipynb"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    # Without our conftest the same run fails, so the port was really taken.
    assert ("1 passed" in ended.stdout) == with_conftest, ended.stdout
    assert (ended.returncode == 0) == with_conftest
