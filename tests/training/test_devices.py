"""Several devices, as two processors of this machine and as two processes: one device's numbers."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gan_utils.errors import ParameterError
from gan_utils.training.devices import strategy_named, worker_index

PROGRAM = Path(__file__).parents[1] / "support" / "replicas_program.py"
ROOT = str(PROGRAM.parents[2])


def start(strategy: str, config: dict | None = None) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": ROOT, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if config:
        environment["TF_CONFIG"] = json.dumps(config)
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), strategy], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def measured(process: subprocess.Popen) -> dict:
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error[-2000:]
    return json.loads(out.splitlines()[-1])


@pytest.fixture(scope="module")
def one():
    return measured(start("one"))


def same(found: dict, expected: dict) -> None:
    """Losses, penalties, metrics, weights and samples, but for the order of sums in float32."""
    assert found.keys() == expected.keys()
    for game, numbers in expected.items():
        for name, values in numbers.items():
            np.testing.assert_allclose(
                found[game][name], values, rtol=1e-4, atol=1e-5, err_msg=f"{game}: {name}"
            )


@pytest.mark.slow
def test_two_devices_of_a_machine_train_like_one(one):
    same(measured(start("mirrored")), one)


@pytest.mark.slow
def test_two_machines_train_like_one(one):
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    workers = [
        start("multi_worker", {"cluster": cluster, "task": {"type": "worker", "index": index}})
        for index in range(2)
    ]
    first, second = map(measured, workers)
    assert first == second
    same(first, one)


def test_bad_settings_are_one_sentence(monkeypatch):
    with pytest.raises(ParameterError, match="strategy is 'many': choose one of one, mirrored"):
        strategy_named("many")
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert worker_index() == 0
    with pytest.raises(ParameterError, match="TF_CONFIG names no workers"):
        strategy_named("multi_worker")
    monkeypatch.setenv("TF_CONFIG", "{worker}")
    with pytest.raises(ParameterError, match="not the JSON that TensorFlow asks for"):
        strategy_named("multi_worker")
    cluster = {"chief": ["a:1"], "worker": ["b:1"]}
    config = {"cluster": cluster, "task": {"type": "chief", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    with pytest.raises(ParameterError, match="names a chief: list it as the first worker"):
        worker_index()
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"worker": ["b:1"]}, "task": None}))
    with pytest.raises(ParameterError, match="not the JSON that TensorFlow asks for"):
        worker_index()
