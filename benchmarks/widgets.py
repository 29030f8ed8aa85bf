"""How fast the widgets answer: the GAN lab in JupyterLab, the metric playground in Python.

    python benchmarks/widgets.py

The lab plays twenty rounds a frame in a notebook in headless Chromium, which draws without a
graphics card on the same cores. Two minutes.
"""

import sys
import tempfile
import time
from pathlib import Path

import recording

sys.path.append(str(Path(__file__).parent.parent / "tools"))

SECONDS, ANSWERS = 20, 20


def frames() -> list[float]:
    """Frames of each second of play, as the lab itself counts them."""
    from browser import Notebook, jupyterlab, open_browser
    from screenshots import lab_cells

    with (
        tempfile.TemporaryDirectory() as scratch,
        jupyterlab(Path(scratch)) as url,
        open_browser(1500, 1400) as watched,
    ):
        page = Notebook(watched, url, Path(scratch), lab_cells()).page
        page.wait_for_selector(".gan-lab canvas", timeout=120_000)
        page.get_by_role("button", name="Play").click()
        page.wait_for_timeout(5000)
        speeds = []
        for _ in range(SECONDS):
            page.wait_for_timeout(1000)
            speeds.append(float(page.locator(".gan-lab [data-value=speed]").inner_text()))
    return speeds


def answers() -> list[float]:
    """Milliseconds of each answer of the playground, with other damage every time."""
    from gan_utils.data import load_images
    from gan_utils.judging import Judge
    from gan_utils.widgets.playground import BLURS, NOISES, Playground

    test, training = load_images("fashion_mnist", "test"), load_images("fashion_mnist")
    playground = Playground(
        test.images, test.labels, training.images[:5000], Judge("fashion_mnist")
    )
    times = []
    for turn in range(ANSWERS):
        start = time.perf_counter()
        playground.damage(
            BLURS[turn % 3], NOISES[turn // 3 % 3], classes=3 + turn % 8, copies=1 + turn
        )
        times.append(1e3 * (time.perf_counter() - start))
    return times


def main() -> list[recording.Row]:
    return [
        recording.spread("GAN lab in JupyterLab: frames", frames(), "a second", shown=True),
        recording.spread("metric playground: an answer", answers(), "ms", shown=True),
    ]


if __name__ == "__main__":
    recording.run(__file__, main)
