"""Named games of the GAN lab: one that settles, and four that go wrong, each in its own way."""

from __future__ import annotations

from dataclasses import dataclass

from gan_utils.widgets.plane_game import Rules


@dataclass(frozen=True)
class Preset:
    """Rules under a name, and one line that says what to watch."""

    name: str
    watch: str
    rules: Rules


PRESETS: dict[str, Preset] = {
    "settles": Preset(
        "a game that settles",
        "Watch the discs gather on the crosses, and the loss of D come to rest near 0.69: D no "
        "longer tells real from generated.",
        Rules(),
    ),
    "collapse": Preset(
        "collapse",
        "Watch all the discs lie on one spot: G, ten times as quick as D, puts every sample where "
        "D believes it most, and hops on when D has noticed.",
        Rules(
            loss="non_saturating", penalty="none", samples="newest",
            d_rate=1e-3, g_rate=1e-2, beta_1=0.5,
        ),
    ),
    "circling": Preset(
        "circling",
        "Watch the heap of discs go round and round: D raises its answer where the heap was not, "
        "momentum carries both past the goal, and the heap passes mode after mode.",
        Rules(
            loss="wasserstein", penalty="r1", weight=0.02, samples="newest",
            d_rate=2e-3, g_rate=5e-3, beta_1=0.9,
        ),
    ),
    "strong_d": Preset(
        "a D that is too good",
        "Watch the loss of D and the mean pull fall to nearly nothing: D is always right, and the "
        "minimax loss tells G nothing any more.",
        Rules(
            loss="minimax", penalty="none", samples="newest",
            d_steps=5, d_rate=1e-2, g_rate=1e-4, beta_1=0.5,
        ),
    ),
    "no_penalty": Preset(
        "Wasserstein without a penalty",
        "Watch the mean pull grow a thousandfold, and the losses with it: nothing bounds the slope "
        "of the critic. The samples never get sharp.",
        Rules(
            loss="wasserstein", penalty="none", samples="newest",
            d_steps=5, d_rate=2e-3, g_rate=2e-3,
        ),
    ),
}  # fmt: skip


def name_of(rules: Rules) -> str | None:
    """The key in `PRESETS` of these very rules, or None where they are the reader's own."""
    return next((key for key, preset in PRESETS.items() if preset.rules == rules), None)
