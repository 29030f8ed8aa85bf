"""Exercises of notebook 01: the best discriminator, its value, and how a game moves."""

import numpy as np
from scipy.special import expit as sigmoid
from scipy.special import xlogy

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import agree


@exercise(
    "Write the bracket of section 2 again: which factor stands before p, and which before q?",
    "The share π times p takes the place of p, and (1 − π) times q that of q.",
    "Where the bracket is A log t + B log(1 − t), the best answer is A / (A + B).",
)
def share_answer(answer):
    """The best D's answer where a share of what it sees is real."""
    answers = np.linspace(0, 1, 100_001)[1:-1]
    for p, q, share in [(3.0, 1.0, 0.5), (0.6, 0.3, 0.2), (0.6, 0.3, 0.8), (0.05, 0.95, 0.1)]:
        bracket = share * p * np.log(answers) + (1 - share) * q * np.log(1 - answers)
        agree(
            answer(p, q, share),
            answers[bracket.argmax()],
            f"share_answer({p}, {q}, {share})",
            "the largest bracket of 99,999 answers is that of",
            within=2e-5,
        )


@exercise(
    "On which stretch do both kinds of samples fall, and what does the best D answer there?",
    "Beyond w the best D is sure, which adds log 1 = 0. On [0, w] we have p = 1 and q = 1/w.",
    "On [0, w] D answers w/(1 + w), so C is w log(w/(1 + w)) + log(1/(1 + w)).",
)
def narrow_cost(cost):
    """V at the best D for uniform samples, the generated ones on a narrower interval."""
    for w in (1.0, 0.5, 0.25, 0.8):
        x = (np.arange(1000) + 0.5) / 1000  # the middles of cells, none of which w cuts
        p, q = np.ones(1000), (x < w) / w
        value = np.mean(xlogy(p, p / (p + q)) + xlogy(q, q / (p + q)))
        agree(cost(w), value, f"narrow_cost({w})", "summing V at the best D over 1,000 cells gives")


@exercise(
    "Write one step as ψ' = (1 − hγ)ψ − (h/2)θ, and θ' = θ + (h/2)ψ' with that new ψ'.",
    "The product of both eigenvalues is the determinant of the Jacobian.",
    "For a conjugate pair the product is |λ|², and this determinant is 1 − hγ.",
)
def alternating_size(size):
    """|λ| of the Dirac-GAN whose D moves first, with R1."""

    def step(theta, psi):
        psi -= h * (theta * sigmoid(psi * theta) + gamma * psi)
        return theta + h * psi * sigmoid(psi * theta), psi

    small = 1e-6
    for h, gamma in [(0.2, 0.0), (0.2, 0.5), (0.1, 0.3)]:
        jacobian = np.transpose([step(small, 0.0), step(0.0, small)]) / small
        agree(
            size(h, gamma),
            np.abs(np.linalg.eigvals(jacobian))[0],
            f"alternating_size({h}, {gamma})",
            "the eigenvalues of a step, measured by small moves, have size",
        )
