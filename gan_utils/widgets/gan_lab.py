"""The GAN lab: a game in the plane that trains while one looks, as a widget and as a figure."""

from __future__ import annotations

from dataclasses import asdict

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from gan_utils.errors import ParameterError
from gan_utils.figures import COLOURS, use_style
from gan_utils.widgets.busy import kernel
from gan_utils.widgets.panel import HERE, reply, script
from gan_utils.widgets.plane_game import CHOICES, RANGES, SHOWN, PlaneGame
from gan_utils.widgets.presets import PRESETS, name_of
from gan_utils.widgets.targets import EDGE

SHADE = 0.25  # of D's answers, so that marks keep a contrast of 3 to 1 on them
LONGEST = 0.5  # length of the longest arrow in the frame
MOST_ROUNDS = 200  # that one request may ask for, so that the Jupyter kernel stays free for others
SURFACE = LinearSegmentedColormap.from_list(
    "sides", [COLOURS["generated"], "#FFFFFF", COLOURS["real"]]
)


def arrows(pull: np.ndarray) -> np.ndarray:
    """The pulls (n, 2) as arrows of the frame: the longest gets the length `LONGEST`."""
    longest = np.linalg.norm(pull, axis=1).max()
    return pull * (LONGEST / longest) if longest > 0 else pull


def gan_lab_figure(game: PlaneGame) -> Figure:
    """What the widget shows of the game now, and how it came there.

    Left D's answers, samples with their pulls, and G's grid; right the losses and the scores.
    """
    view = game.view()
    use_style()
    figure = plt.figure()
    halves = figure.add_gridspec(2, 2, width_ratios=[1.1, 1])
    plane = figure.add_subplot(halves[:, 0])
    frame = (-EDGE, EDGE, -EDGE, EDGE)
    plane.imshow(
        view.surface, extent=frame, origin="lower", vmin=0, vmax=1, cmap=SURFACE, alpha=SHADE
    )
    for lines in (view.mesh, view.mesh.swapaxes(0, 1)):
        for line in lines:
            plane.plot(*line.T, color=COLOURS["theory"], lw=0.4, alpha=0.5)
    plane.plot(*game.target.points[:SHOWN].T, "x", color=COLOURS["real"], ms=4)
    plane.plot(*view.fake.T, ".", color=COLOURS["generated"], ms=3)
    plane.quiver(
        *view.fake.T, *arrows(view.pull).T, angles="xy", scale_units="xy", scale=1,
        color=COLOURS["generated"], width=0.003,
    )  # fmt: skip
    plane.set(xlim=frame[:2], ylim=frame[2:], aspect="equal", xlabel="x", ylabel="y")
    plane.set_title(f"mean pull on a sample: {view.mean_pull:.2g}")
    at, d_loss, g_loss, modes, quality = np.array(game.history).T
    above = figure.add_subplot(halves[0, 1])
    below = figure.add_subplot(halves[1, 1], sharex=above)
    solid, dashed = {"color": COLOURS["theory"]}, {"color": COLOURS["generated"], "ls": "--"}
    share = 100 * modes / len(game.target.centres)
    below.set_ylim(-5, 105)
    for axes, lines in (
        (above, {"D": (d_loss, solid), "G": (g_loss, dashed)}),
        (below, {game.target.piece: (share, solid), "high\nquality": (100 * quality, dashed)}),
    ):
        for values, style in lines.values():
            axes.plot(at, values, **style)
        # Where both end at one height, the label of the lower one hangs and the other stands.
        low, high = sorted(lines, key=lambda words: lines[words][0][-1])
        gap = lines[high][0][-1] - lines[low][0][-1]
        near = gap < 0.2 * np.ptp(axes.get_ylim())
        for words, side in ((low, "top"), (high, "bottom")):
            axes.annotate(
                words, (at[-1], lines[words][0][-1]), xytext=(4, 0), textcoords="offset points",
                va=side if near else "center",
            )  # fmt: skip
    above.set(ylabel="loss")
    above.tick_params(labelbottom=False)
    below.set(xlabel="rounds", ylabel="%")
    figure.suptitle(
        f"After {view.rounds:,} rounds: {view.modes} of {len(game.target.centres)} "
        f"{game.target.piece}, {100 * view.quality:.0f} % of high quality",
        x=0.02, ha="left",
    )  # fmt: skip
    return figure


class GanLab(anywidget.AnyWidget):
    """The game in the browser: play, pause, one player at a time, other rules, other data.

    The browser asks for each frame and the kernel answers: a page that is closed, or a cell that
    is run again, asks no more, and nothing trains. An error is shown in the widget.
    """

    _esm = script("gan_lab.js")
    _css = HERE / "gan_lab.css"
    setup = traitlets.Dict().tag(sync=True)

    def __init__(self, game: PlaneGame | None = None):
        self.game = game or PlaneGame()
        self.interrupts = 0  # the kernel's, when play began
        setup = {
            "choices": CHOICES, "ranges": RANGES, "edge": EDGE, **self._now(),
            "colours": COLOURS, "shade": SHADE,
            "presets": [[key, preset.name, preset.watch] for key, preset in PRESETS.items()],
        }  # fmt: skip
        super().__init__(setup=setup)
        kernel.watch()
        self.on_msg(self._on_ask)

    def _on_ask(self, _, ask, __) -> None:
        def work() -> tuple[dict, list[bytes]]:
            self.answer(ask)
            return self._frame()

        # Also where a cell runs and nothing begins yet: an interrupt from now on stops the play.
        if ask.get("begins") and not ask.get("again"):
            self.interrupts = kernel.interrupts
        reply(self, ask, work, self._now)

    def _now(self) -> dict:
        """The rules that hold, and the key of the preset that has them."""
        return {"rules": asdict(self.game.rules), "preset": name_of(self.game.rules)}

    def answer(self, ask: dict) -> None:
        """Does what the browser asks: one of play, d, g, look, reset, change, preset, draw."""
        game, what = self.game, ask.get("do")
        if what == "play":
            rounds = ask.get("rounds", 1)
            if not isinstance(rounds, int) or not 1 <= rounds <= MOST_ROUNDS:
                raise ParameterError(
                    f"rounds is {rounds!r}: give a whole number from 1 to {MOST_ROUNDS}."
                )
            if kernel.interrupts > self.interrupts:
                raise KeyboardInterrupt
            game.play(rounds)
        elif what == "change":
            game.change(**ask["rules"])
        elif what == "preset":
            if ask.get("name") not in PRESETS:
                raise ParameterError(
                    f"preset is {ask.get('name')!r}: choose one of {', '.join(PRESETS)}."
                )
            game.begin(PRESETS[ask["name"]].rules)
        elif what == "draw":
            game.draw(np.asarray(ask["points"], float).reshape(-1, 2))
        elif what in ("d", "g", "reset"):
            {"d": game.move_d, "g": game.move_g, "reset": game.reset}[what]()
        elif what != "look":
            raise ParameterError(f"the lab was asked for {what!r}, which it does not know.")

    def _frame(self) -> tuple[dict, list[bytes]]:
        view, target = self.game.view(), self.game.target
        content = {
            **self._now(), "rounds": view.rounds, "d_loss": view.d_loss,
            "g_loss": view.g_loss, "modes": view.modes, "of": len(target.centres),
            "piece": target.piece, "quality": view.quality, "side": len(view.surface),
            "mesh_side": len(view.mesh), "mean_pull": view.mean_pull,
        }  # fmt: skip
        arrays = (target.points[:SHOWN], view.fake, arrows(view.pull), view.mesh)
        buffers = [np.ascontiguousarray(part, np.float32).tobytes() for part in arrays]
        return content, [(255 * view.surface).astype(np.uint8).tobytes(), *buffers]
