"""What lesson 01 defines by hand agrees with `gan_utils`, and its solutions solve its exercises."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

keras = pytest.importorskip("keras")
from gan_utils.gan import GAN  # noqa: E402
from gan_utils.losses import R1, Minimax  # noqa: E402

pytestmark = pytest.mark.repository

NOTEBOOK = Path(__file__).resolve().parent.parent / "notebooks" / "01_minimax.ipynb"
RATE, GAMMA = 0.2, 0.5


@pytest.fixture(scope="module")
def cells():
    return nbformat.read(NOTEBOOK, as_version=4).cells


@pytest.fixture(scope="module")
def lesson(cells):
    """The names that the lesson's imports and function definitions bind, nothing trained."""
    import ast

    names = {"seed": 0}
    for cell in cells:
        if cell.cell_type != "code" or "%pip" in cell.source:
            continue
        for item in ast.parse(cell.source).body:
            if isinstance(item, ast.Import | ast.ImportFrom | ast.FunctionDef):
                exec(ast.unparse(item), names)
    return names


@pytest.mark.parametrize("penalty", [None, R1(GAMMA)], ids=["plain", "R1"])
def test_dirac_step_is_the_step_of_gan(lesson, penalty):
    """The Dirac-GAN as two Keras layers moves under `GAN.fit` as the lesson computes by hand."""
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name="generator")
    discriminator = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False)], name="discriminator"
    )
    generator.layers[0].set_weights([np.zeros((1, 1)), np.array([1.0])])
    discriminator.set_weights([np.array([[0.3]])])
    # The kernel of G sees inputs of both signs; frozen at 0 it leaves the bias, which is θ.
    generator.layers[0].kernel.trainable = False
    gan = GAN(generator, discriminator, loss=Minimax(), penalty=penalty)
    gan.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))

    theta, psi = 1.0, 0.3
    gamma = GAMMA if penalty else 0.0
    for step in range(1, 6):
        gan.fit(np.zeros((64, 1), np.float32), steps=step, batch_size=64, epoch_steps=1)
        theta, psi = lesson["dirac_step"](theta, psi, RATE, gamma)
        found = generator.layers[0].bias.numpy()[0], discriminator.get_weights()[0][0, 0]
        assert found == pytest.approx((theta, psi), abs=1e-6)


def test_value_is_minus_the_loss_of_minimax(lesson):
    real, fake = np.random.default_rng(1).normal(0, 5, (2, 200))
    loss = float(Minimax().discriminator(real, fake))
    assert lesson["value"](real, fake) == pytest.approx(-loss, rel=1e-9)


def test_divergence_of_shifted_intervals(lesson):
    line = np.linspace(-1, 3, 40_001)
    first, second = (((line >= s) & (line < s + 1)).astype(float) for s in (0, 0.25))
    assert lesson["jsd"](first, second, line) == pytest.approx(0.25 * np.log(2), abs=1e-3)
    assert lesson["jsd"](first, first, line) == pytest.approx(0, abs=1e-12)


def test_solutions_solve_the_exercises(cells, lesson, capsys):
    text = "\n".join(cell.source for cell in cells if "<details>" in cell.source)
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(block, lesson)
    (checks,) = (cell.source for cell in cells if "# The checks" in cell.source)
    exec(checks, lesson)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(blocks)
    assert all(line.endswith(": right") for line in lines), lines


def test_unsolved_exercises_say_so(cells, lesson, capsys):
    (stubs,) = (cell.source for cell in cells if "raise NotImplementedError" in cell.source)
    (checks,) = (cell.source for cell in cells if "# The checks" in cell.source)
    exec(stubs, lesson)
    exec(checks, lesson)
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.endswith(": not done yet") for line in lines), lines
