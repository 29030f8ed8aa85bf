"""Metrics against published packages on the same sets (tests/support/reference/make.py)."""

import json
from pathlib import Path

import pytest
import scipy.special

from gan_utils.metrics import frechet_distance, inception_score, kernel_distance, prdc
from reference.draws import logits, set_a, set_b, set_c

VALUES = json.loads(
    (Path(__file__).parents[1] / "support" / "reference" / "values.json").read_text("utf-8")
)
FIDELITY, PRDC_PACKAGE = VALUES["torch-fidelity"], VALUES["prdc"]


@pytest.mark.parametrize(("name", "draw"), [("A", set_a), ("B", set_b)])
def test_the_frechet_distance_is_that_of_torch_fidelity(name, draw):
    score = frechet_distance(*draw(), resamples=0)
    assert float(score) == pytest.approx(FIDELITY["frechet_distance"][name], rel=1e-6)


def test_the_kernel_distance_is_that_of_torch_fidelity():
    """The same rows are drawn, so the mean is the same and not only alike."""
    reference = FIDELITY["kernel_distance"]["A"]
    options = {name: reference[name] for name in ("subsets", "size", "seed")}
    score = kernel_distance(*set_a(), **options)
    assert float(score) == pytest.approx(reference["mean"], rel=1e-6)
    # Ends of 68.27 % are about one standard deviation away; twenty draws tell it roughly.
    ends = kernel_distance(*set_a(), **options, level=0.6827)
    assert (ends.high - ends.low) / 2 == pytest.approx(reference["std"], rel=0.5)


def test_the_inception_score_is_that_of_torch_fidelity():
    reference = FIDELITY["inception_score"]["logits"]
    splits = reference["splits"]
    probabilities = scipy.special.softmax(logits(), axis=1)
    score = inception_score(probabilities, splits, seed=reference["seed"])
    assert float(score) == pytest.approx(reference["mean"], rel=1e-6)
    # Its standard deviation over the splits has n in the denominator; t(9, 97.5 %) = 2.262157.
    half = 2.262157 * reference["std"] / (splits - 1) ** 0.5
    assert (score.high - score.low) / 2 == pytest.approx(half, rel=1e-6)


def test_precision_and_recall_are_those_of_torch_fidelity():
    """It takes the edge of a ball as inside, where no row of set A lies; its means are float32."""
    reference = FIDELITY["precision_recall"]["A"]
    scores = prdc(*set_a(), k=reference["k"], groups=0)
    assert float(scores.precision) == pytest.approx(reference["precision"], rel=1e-6)
    assert float(scores.recall) == pytest.approx(reference["recall"], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("A", set_a),
        ("B", set_b),
        ("C 2000", lambda: set_c(2000)),
        pytest.param("C 10000", lambda: set_c(10_000), marks=pytest.mark.slow),
    ],
    ids=["A", "B", "C 2000", "C 10000"],
)
def test_the_four_scores_are_those_of_prdc(name, draw):
    reference = dict(PRDC_PACKAGE[name])
    scores = prdc(*draw(), k=reference.pop("k"), groups=0)
    found = {key: float(getattr(scores, key)) for key in reference}
    assert found == pytest.approx(reference, rel=1e-6)
    assert sorted(found) == ["coverage", "density", "precision", "recall"]
