"""Exercises of notebook 01: the best discriminator, the losses, how a game moves, and modes."""

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import expit as sigmoid

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, number, pair, shaped
from gan_utils.lesson.exercises.comparing import compare


@exercise(
    "Begin with one round Gaussian a side: its log-density is −‖x − centre‖² / (2 std²) and a "
    "constant, which falls out of the difference. What does a mixture of several need?",
    "A mixture is the mean of its Gaussians: `np.logaddexp.reduce(-squares / (2 * std**2), axis=1) "
    "- np.log(len(centres))`. Where both densities round to 0 this is still a number.",
    "Where the bracket is A log t + B log(1 − t), the best logit is log A − log B. Here A is "
    "share · p and B is (1 − share) · q.",
)
def best_logits(logits):
    """log(π p) − log((1 − π) q) for two mixtures of round Gaussians, near and far."""
    rng = np.random.default_rng(0)
    # One Gaussian a side: the difference of two squares, which is a straight slope.
    for std, share, reach in ((1.0, 0.5, 2), (0.3, 0.2, 2), (0.05, 0.5, 50)):
        real, fake = np.array([[1.0, 0.5]]), np.array([[-0.5, 1.0]])
        points = rng.uniform(-reach, reach, (6, 2))
        line = points @ (real - fake)[0] - ((real**2).sum() - (fake**2).sum()) / 2
        right = line / std**2 + np.log(share / (1 - share))
        call = f"best_logits for one Gaussian a side, std {std:g}, share {share:g}"
        found = _numbers(logits(points, real, fake, std, share), 6, call)
        mistakes = {
            "these are probabilities: give the logits, which σ makes them from": sigmoid(right),
            "this is log q/p: the density of real samples stands above": -right,
            "the share is missing in it": line / std**2,
            "the share has the wrong sign": line / std**2 - np.log(share / (1 - share)),
            "a density falls with the square over 2 std², not over std²": right + line / std**2,
            "it should be divided by std², and not by std": right + line / std - line / std**2,
        }
        compare(found, right, call, "in closed form it is", mistakes, 1e-6)
    # Several a side: the best of many answers, by the bracket of the section.
    answers = np.linspace(0, 1, 100_001)[1:-1]
    real, fake = rng.normal(0, 1, (4, 2)), rng.normal(0, 1, (2, 2))
    points, std = rng.normal(0, 1, (5, 2)), 0.8
    p, q = (
        np.exp(-((points[:, None] - centres) ** 2).sum(2) / (2 * std**2)).mean(1)
        for centres in (real, fake)
    )
    for share in (0.5, 0.8):
        call = f"σ of best_logits for mixtures of 4 and of 2 Gaussians, share {share:g}"
        found = sigmoid(_numbers(logits(points, real, fake, std, share), 5, call))
        bracket = share * p[:, None] * np.log(answers)
        bracket = bracket + (1 - share) * q[:, None] * np.log(1 - answers)
        ratio = 2 * share * p / ((1 - share) * q)
        mistakes = {
            "each mixture is a mean of its Gaussians, and not a sum": ratio / (1 + ratio),
        }
        because = "the largest bracket of 99,999 answers is that of"
        compare(found, answers[bracket.argmax(1)], call, because, mistakes, 2e-5)


def _numbers(returned, count: int, call: str) -> np.ndarray:
    """`count` finite numbers; raises `NotYet`."""
    found = shaped(returned, (count,), call)
    if not np.isfinite(found).all():
        raise NotYet(
            f"{call} gives {found[~np.isfinite(found)][0]}, and not a finite number: far away both "
            f"densities round to 0, so take the difference of their logarithms"
        )
    return found


def _asked(losses, generated: int, more: list[float]):
    """What two losses give for usual logits and for sure ones, and how they slope in them.

    generated: how many usual logits of generated samples; there are five of real ones. more: sure
    logits of generated samples beside ±100.
    """
    import tensorflow as tf

    rng = np.random.default_rng(0)
    usual = rng.normal(1, 2, (5, 1)), rng.normal(-1, 2, (generated, 1))
    sure = np.array([[100.0], [-100.0], [3.0]]), np.array([-100.0, 100.0, *more])[:, None]
    for words, both in {"usual logits": usual, "logits up to ±100": sure}.items():
        given = [tf.constant(logits, tf.float32) for logits in both]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(given)
            values = losses(*given)

        def slope_of(value, place, call, tape=tape, given=given):
            slope = tape.gradient(tf.convert_to_tensor(value), given[place])
            if slope is None:
                raise NotYet(f"{call} is missing: no tensor leads from the logits to it")
            return slope

        yield words, both, values, slope_of


@exercise(
    "Three cross-entropies are enough: D's loss has one for real and one for generated logits, and "
    "each loss of G has one. `tf.nn.softplus(a)` is log(1 + eᵃ), without overflow.",
    "−log σ(a) is `tf.nn.softplus(-a)`, and −log(1 − σ(a)) is `tf.nn.softplus(a)`. Take a mean "
    "over each of the two batches.",
    "`minimax = -tf.reduce_mean(tf.nn.softplus(fake_logits))` is log(1 − σ(a)), which G makes "
    "small by making the logit large. The non-saturating loss is that of label 1.",
)
def game_losses(losses):
    """D's loss and both of G's: values, slopes against the closed forms, finite at ±100."""
    for words, (real, fake), values, slope_of in _asked(losses, 3, [0.0, 2.0]):
        if values is None or len(values) != 3:
            raise NotYet("game_losses gives no three numbers: D's loss, minimax, non-saturating")
        names = ("D's loss", "G's minimax loss", "G's non-saturating loss")
        right = (
            np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean(),
            -np.logaddexp(0, fake).mean(),
            np.logaddexp(0, -fake).mean(),
        )
        order = "return D's loss, minimax, non-saturating"
        for place, name in enumerate(names):
            mistakes = {
                "it has the wrong sign": -right[place],
                "the part of real samples does not depend on G: leave it out": -right[0],
                "it is half of what it should be: leave the ½ out": right[place] / 2,
                f"this is another one of the three: {order}": right[place - 1],
                f"this is one of the other two: {order}": right[place - 2],
            }
            call = f"{name} for {words}"
            compare(number(values[place], call), right[place], call, "by hand it is", mistakes)
        slopes = {  # by what, and whose logits
            "D's loss": ((-sigmoid(-real), 0), (sigmoid(fake), 1)),
            "G's minimax loss": ((-sigmoid(fake), 1),),
            "G's non-saturating loss": ((-sigmoid(-fake), 1),),
        }
        for value, name in zip(values, names, strict=True):
            for slope, place in slopes[name]:
                call = f"the slope of {name} in {('a real', 'a generated')[place]} logit"
                found = slope_of(value, place, call)
                if not np.isfinite(found).all():
                    raise NotYet(f"{call} is no finite number for {words}")
                compare(found, slope / slope.size, call, "in closed form it is", {}, 1e-4)


@exercise(
    "A step takes a small vector to a small vector. Where does it take (ε, 0), and where (0, ε)? "
    "Those two answers, divided by ε, are the columns of its Jacobian.",
    "`np.linalg.eigvals` gives both eigenvalues. The one of the larger size decides in the end.",
    "A complex number turns by its angle, `abs(np.angle(value))`, and stretches by its size, "
    "`abs(value)`.",
)
def turn_and_growth(measure):
    """The angle and the size of a step's largest eigenvalue, for games with and without R1."""

    def dirac(h, gamma=0.0, alternating=False):
        def step(theta, psi):
            new = psi - h * (theta * sigmoid(psi * theta) + gamma * psi)
            seen = new if alternating else psi
            return theta + h * seen * sigmoid(seen * theta), new

        return step

    for h, gamma in ((0.2, 0.0), (0.2, 0.5), (0.1, 0.8)):
        size = np.sqrt(1 - h * gamma + h**2 / 4)
        turn = np.arctan2(h / 2 * np.sqrt(1 - gamma**2), 1 - h * gamma / 2)
        _agree_on(measure(dirac(h, gamma)), turn, size, f"simultaneous, h = {h}, γ = {gamma}")
        size = np.sqrt(1 - h * gamma)
        turn = np.arccos((2 - h * gamma - h**2 / 4) / (2 * size))
        _agree_on(measure(dirac(h, gamma, True)), turn, size, f"alternating, h = {h}, γ = {gamma}")
    # With a strong brake nothing turns any more, and of two real eigenvalues one is larger.
    h, gamma = 0.2, 2.0
    size = 1 - h * gamma / 2 + h / 2 * np.sqrt(gamma**2 - 1)
    _agree_on(measure(dirac(h, gamma)), 0.0, size, f"simultaneous, h = {h}, γ = {gamma}")
    stretched = measure(lambda theta, psi: (2 * np.sin(theta) + psi, 0.5 * psi))
    _agree_on(stretched, 0.0, 2.0, "the step (θ, ψ) → (2 sin θ + ψ, ψ/2)")


def _agree_on(returned, turn: float, size: float, game: str) -> None:
    call = f"turn_and_growth for {game},"
    found = pair(returned, call.rstrip(","))
    if np.allclose(found, (size, turn), atol=1e-3) and not np.isclose(size, turn, atol=1e-3):
        raise NotYet(f"{call} gives the growth first: return the turn, then the growth")
    turns = {
        "its turn is in degrees: give radians": np.degrees(turn),
        "its turn has a sign: take the size of the angle": -turn,
    }
    compare(found[0], turn, f"{call} the turn", "in closed form it is", turns, 1e-3)
    sizes = {
        "this is its square: a determinant is the product of both": size**2,
        "this is the real part of the eigenvalue, and not its size": size * np.cos(turn),
    }
    compare(found[1], size, f"{call} the growth", "in closed form it is", sizes, 2e-4)


@exercise(
    "Which centre is the nearest to a point, and how far is it? `points[:, None] - centres` holds "
    "all differences, of shape (points, modes, 2).",
    "A point is of high quality where its distance to the nearest centre is at most 3 std. Only "
    "such points capture a mode, and each captures its nearest one.",
    "`captured = len(np.unique(nearest[good]))`, and the share is `good.mean()`.",
)
def count_modes(count):
    """Captured modes and the share of high quality, against a search tree."""
    rng = np.random.default_rng(0)
    angles = 2 * np.pi * np.arange(5) / 5
    centres, std = np.stack([np.cos(angles), np.sin(angles)], 1), 0.05
    corner = centres[:1] + 2.5 * std  # within three std along each axis, and not in the plane
    cases = {
        "points on three of five modes": centres[[0, 0, 2, 2, 2, 3]] + rng.normal(0, 0.02, (6, 2)),
        "two points between the modes and one on a mode": np.array(
            [[0.0, 0.0], [0.1, 0.0], centres[1]]
        ),
        "one point 2 std to the right of a centre and one 4 std": centres[0]
        + std * np.array([[2.0, 0.0], [4.0, 0.0]]),
        "a point 2.5 std to the right of a centre and 2.5 std above it": corner,
        "40 points that lie anywhere": rng.uniform(-1.2, 1.2, (40, 2)),
    }
    tree = cKDTree(centres)
    for words, points in cases.items():
        distances, nearest = tree.query(points)
        good = distances <= 3 * std
        modes, share = len(set(nearest[good])), good.mean()
        call = f"count_modes for {words}"
        found = pair(count(points, centres, std), call)
        shares = {
            "give the share from 0 to 1, and not in %": 100 * share,
            "a distance in the plane is asked for, and not one along each axis": (
                (np.abs(points[:, None] - centres) <= 3 * std).all(axis=2).any(axis=1).mean()
            ),
        }
        compare(found[1], share, f"{call}: the share of high quality", "it is", shares)
        captured = {
            "points of low quality capture a mode in it": len(set(nearest)),
            "this is the number of points, and not of modes": good.sum(),
        }
        compare(found[0], modes, f"{call}: the captured modes", "counting them gives", captured)


@exercise(
    "Who should be pleased by a large difference `real_logits - fake_logits`, and who by a small "
    "one? Follow both losses with a difference of 3 and of −3.",
    "A cross-entropy with label 1 wants its logit large, one with label 0 wants it small. In the "
    "code above G's label is turned round, and its logit is turned round as well.",
    "Turn only one of them: `g_loss` is the cross-entropy of `-difference` with label 1, which is "
    "softplus(real − fake).",
)
def rival_losses(losses):
    """The relativistic losses: D's falls and G's rises with the difference of the logits."""
    for words, (real, fake), values, slope_of in _asked(losses, 5, [0.0]):
        found = pair(values, f"rival_losses for {words}")
        both = [np.logaddexp(0, sign * (fake - real)).mean() for sign in (1, -1)]
        single = [np.logaddexp(0, sign * fake).mean() for sign in (1, -1)]
        for place, name in enumerate(("D's loss", "G's loss")):
            call = f"{name} of rival_losses for {words}"
            mistakes = {
                "both players still want the same": both[1 - place] if place else np.nan,
                "this is G's loss: return D's first": both[1 - place],
                "it has the wrong sign": -both[place],
                "this is D's loss with its sign changed, which is another game": -both[1 - place],
                "it asks about the generated one alone, and not about the difference": single[
                    place
                ],
            }
            compare(found[place], both[place], call, "by hand it is", mistakes)
            for which, (side, sign) in enumerate((("real", -1), ("generated", 1))):
                call = f"the slope of {name} in a {side} logit"
                slope = slope_of(values[place], which, call)
                sign *= 1 - 2 * place
                right = sign * sigmoid((1 - 2 * place) * (fake - real)) / len(real)
                compare(slope, right, call, "in closed form it is", {})


@exercise(
    "Which two gradients does the step need, and at which weights are both of them taken?",
    "Let both tapes run beside each other: `with tf.GradientTape() as d_tape, tf.GradientTape() as "
    "g_tape:`, and inside of it one forward pass and both losses.",
    "Ask both tapes for their gradients first. Only then go through each player's "
    "`trainable_variables` and subtract `rate` times the gradient with `assign_sub`.",
)
def simultaneous_step(step):
    """One step of linear players in the plane: against the closed form, and in no order."""
    import tensorflow as tf

    from gan_utils.lesson.exercises.mock_players import MockNetwork

    rng = np.random.default_rng(0)
    for rate in (0.1, 0.5):
        theta, psi, x, z = (rng.normal(size=size) for size in (2, 2, (4, 2), (6, 2)))
        log: list[str] = []
        generator = MockNetwork("generator", lambda z, w: z + w, [theta], log)
        discriminator = MockNetwork("discriminator", lambda x, w: x @ w[:, None], [psi], log)
        given = [tf.constant(part, tf.float32) for part in (x, z)]
        step(generator, discriminator, *given, rate)
        moved = [player.trainable_variables[0].numpy() for player in (generator, discriminator)]
        _compare_moves(moved, (theta, psi), x, z, rate)


def _compare_moves(moved, before, x, z, rate: float) -> None:
    """Raise `NotYet` unless θ and ψ moved as the closed form of the zero-sum game says."""

    def d_slope(theta, psi, over=np.mean):
        fake = z + theta
        of_real = over(sigmoid(-x @ psi)[:, None] * x, axis=0)
        return over(sigmoid(fake @ psi)[:, None] * fake, axis=0) - of_real

    def g_slope(theta, psi, saturating=True):
        a = (z + theta) @ psi
        return -(sigmoid(a) if saturating else sigmoid(-a)).mean() * psi

    theta, psi = before
    new_theta, new_psi = theta - rate * g_slope(*before), psi - rate * d_slope(*before)
    d_moves = {
        "D has not moved": psi,
        "D goes uphill: subtract the gradient": 2 * psi - new_psi,
        "D sees the G that has just moved": psi - rate * d_slope(new_theta, psi),
        "it is not divided by the number of samples": psi - rate * d_slope(*before, np.sum),
    }
    g_moves = {
        "G has not moved": theta,
        "G goes uphill: subtract the gradient": 2 * theta - new_theta,
        "G answers the D that has just moved": theta - rate * g_slope(theta, new_psi),
        "this is the non-saturating loss, and the value of this section is asked for": theta
        - rate * g_slope(*before, saturating=False),
        "it is not divided by the number of samples": theta - 6 * rate * g_slope(*before),
    }
    call = f"after simultaneous_step with rate {rate:g} {{}}'s weights"
    compare(moved[1], new_psi, call.format("D"), "in closed form it is", d_moves)
    compare(moved[0], new_theta, call.format("G"), "in closed form it is", g_moves)
