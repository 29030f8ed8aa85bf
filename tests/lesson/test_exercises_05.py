"""The exercises of lesson 05: other right ways, the mistake to find, and the library's answers."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from scipy.special import rel_entr

from gan_utils.metrics import closer_to_training, frechet_distance, kernel_distance, prdc
from lesson_notebook import read_cells, written_exercises
from other_ways import cases_of, coded_exercises

SOLUTIONS = {name: found.solution for name, found in written_exercises("05_evaluation").items()}
ROOTS = "np.sqrt(np.maximum(np.linalg.eigvals(cov_x @ cov_y).real, 0))"

# Other ways that are right: a part of the solution, and what may stand in its place.
OTHER = {
    "frechet": [
        (ROOTS, "np.diag(scipy.linalg.sqrtm(cov_x @ cov_y).real)"),
        (ROOTS, "np.linalg.svd((x - x.mean(0)) @ (y - y.mean(0)).T, compute_uv=False) "
         "/ np.sqrt((len(x) - 1) * (len(y) - 1))"),
    ],
    "unbiased_kernel": [
        ("(table.sum() - np.trace(table)) / (len(table) * (len(table) - 1))",
         "table[~np.eye(len(table), dtype=bool)].mean()"),
        ("(a @ b.T / a.shape[1] + 1) ** 3",
         "np.array([[(np.dot(one, other) / len(one) + 1) ** 3 for other in b] for one in a])"),
    ],
    "score_of_logits": [
        ("np.exp(logits - logits.max(axis=1, keepdims=True))",
         "np.exp(logits - scipy.special.logsumexp(logits, axis=1, keepdims=True))"),
        ("rel_entr(probabilities, mean).sum(axis=1).mean()",
         "scipy.special.entr(mean).sum() - scipy.special.entr(probabilities).sum(axis=1).mean()"),
    ],
    "precision_recall": [
        ("np.sort(own, axis=1)[:, k]", "np.partition(own, k, axis=1)[:, k]"),
        ("return share_inside(real, fake), share_inside(fake, real)",
         "return [float(share_inside(real, fake)), float(share_inside(fake, real))]"),
    ],
    "closer_share": [
        ("(near[:, None] < far).mean() + (near[:, None] == far).mean() / 2",
         "np.mean((np.sign(far - near[:, None]) + 1) / 2)"),
        ("astype(float)", "astype(np.int64)"),
    ],
    "cheat": [("images[labels == 0][:1000]", "images[np.flatnonzero(labels == 1)[-1000:]]")],
}  # fmt: skip


def defined(source):
    """The function that this source defines, with what the lesson imports."""
    names = {"np": np, "scipy": scipy, "rel_entr": rel_entr}
    before = set(names)
    exec(source, names)
    (name,) = set(names) - before - {"__builtins__"}
    return names[name]


def test_each_exercise_is_answered_in_another_way_too():
    assert coded_exercises("lesson_05") == set(SOLUTIONS) == set(OTHER)


@pytest.mark.parametrize(("name", "part", "instead"), cases_of(OTHER))
def test_other_ways_are_right_too(name, part, instead, first_line):
    assert part in SOLUTIONS[name]
    assert first_line(defined(SOLUTIONS[name].replace(part, instead))) == f"{name}: right"


def test_the_code_with_the_mistake_runs_and_is_told_what_is_wrong(first_line):
    (cell,) = (cell for cell in read_cells("05_evaluation") if cell.id == "bug-score_of_logits")
    source = cell.source.replace("suspicious_score", "score_of_logits").rpartition("print(")[0]
    wrong = defined(source)
    assert 1 < wrong(9 * np.repeat(np.eye(10), 100, axis=0)) < 1.1
    assert "gives 1.183: the softmax runs over the images. Hint: " in first_line(wrong)


def test_the_solutions_are_the_librarys():
    rng = np.random.default_rng(1)
    ours = {name: defined(source) for name, source in SOLUTIONS.items()}
    x, y = rng.normal(size=(40, 5)), rng.normal(0.3, 2, size=(40, 5))
    theirs = float(frechet_distance(x, y, resamples=0))
    assert ours["frechet"](x, y) == pytest.approx(theirs, rel=1e-9)
    theirs = float(kernel_distance(x, y, size=40, subsets=2))
    assert ours["unbiased_kernel"](x, y) == pytest.approx(theirs, rel=1e-9)
    theirs = prdc(x, y, k=4, groups=0)
    assert ours["precision_recall"](x, y, 4) == (float(theirs.precision), float(theirs.recall))
    samples, heldout, training = (
        rng.integers(0, 256, (count, 5, 5, 1), dtype=np.uint8) for count in (10, 12, 30)
    )
    theirs = float(closer_to_training(samples, training, heldout))
    assert ours["closer_share"](samples, heldout, training) == pytest.approx(theirs)
