"""What lesson 01 defines by hand agrees with `gan_utils`, and its solutions solve its exercises."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

keras = pytest.importorskip("keras")
from gan_utils.training.gan import GAN  # noqa: E402
from gan_utils.training.losses import Minimax  # noqa: E402
from gan_utils.training.penalties import R1  # noqa: E402

pytestmark = pytest.mark.repository

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "01_minimax.ipynb"
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


@pytest.fixture
def solved(cells, lesson):
    """The lesson's names with the solutions of its exercises."""
    (text,) = (cell.source for cell in cells if "<summary>Solutions" in cell.source)
    names = dict(lesson)
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, names)
    return names


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_share_answer_is_the_best_of_many(solved, share):
    answers = np.linspace(0.0005, 0.9995, 2000)
    bracket = share * 0.6 * np.log(answers) + (1 - share) * 0.3 * np.log(1 - answers)
    assert solved["share_answer"](0.6, 0.3, share) == pytest.approx(
        answers[bracket.argmax()], abs=5e-4
    )


@pytest.mark.parametrize("width", [0.25, 0.5, 1.0])
def test_narrow_cost_is_the_value_at_the_best_discriminator(solved, width):
    line = np.linspace(-1, 2, 60_001)
    real = ((line >= 0) & (line < 1)).astype(float)
    narrow = ((line >= 0) & (line < width)) / width
    measured = solved["value_at_best"](real, narrow, line)
    assert solved["narrow_cost"](width) == pytest.approx(measured, abs=1e-3)


@pytest.mark.parametrize(("h", "gamma"), [(0.2, 0.0), (0.2, 0.5), (0.1, 0.3)])
def test_alternating_size_is_that_of_the_measured_step(solved, h, gamma):
    small = 1e-6
    columns = [
        solved["dirac_step"](*start, h, gamma=gamma, alternating=True)
        for start in ((small, 0.0), (0.0, small))
    ]
    eigenvalues = np.linalg.eigvals(np.transpose(columns) / small)
    assert np.all(eigenvalues.imag != 0)
    assert np.abs(eigenvalues) == pytest.approx(solved["alternating_size"](h, gamma), abs=1e-6)


def test_unsolved_exercises_say_so(cells, lesson, capsys):
    (stubs,) = (cell.source for cell in cells if "raise NotImplementedError" in cell.source)
    (checks,) = (cell.source for cell in cells if "# The checks" in cell.source)
    exec(stubs, lesson)
    exec(checks, lesson)
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.endswith(": not done yet") for line in lines), lines
