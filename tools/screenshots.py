"""Take the pictures of the README: a slide, and the GAN lab at play in JupyterLab.

    python tools/screenshots.py

Needs chromium, npm and what `make run` installs; takes about a minute.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import slides
from browser import Notebook, jupyterlab, open_browser

TARGET = slides.DECKS / "screenshots"
DECK, SLIDE = "01_minimax", "The best discriminator has a closed form"
ROUNDS = 6000


def lab_cells() -> list[str]:
    """What lesson 01 needs for its lab: the parameters, the start, and the game of section 9."""
    import nbformat

    notebook = nbformat.read(slides.NOTEBOOKS / "01_minimax.ipynb", as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    wanted = ("ring_steps: int", 'start("01_minimax")', "game = PlaneGame(", "GanLab(game)")
    return [source for source in sources if any(part in source for part in wanted)]


def slide(target: Path) -> None:
    """One slide of a deck, all its steps done."""
    vendor = slides.fetch(slides.BUILD / "vendor")
    deck = slides.DECKS / f"{DECK}.md"
    titles = [one.title for one in slides.slides_of(deck.read_text(encoding="utf-8"))]
    with (
        tempfile.TemporaryDirectory() as scratch,
        open_browser(slides.WIDTH, slides.HEIGHT) as watched,
    ):
        page = watched.page
        page.goto(slides.build(deck, Path(scratch), vendor, pdf=False).as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        page.evaluate("document.fonts.ready.then(() => true)")
        page.evaluate("number => Reveal.slide(number, 0, 99)", titles.index(SLIDE) + 1)
        page.wait_for_timeout(1000)  # the steps fade in
        page.screenshot(path=target)


def gan_lab(target: Path) -> None:
    """The lab after some rounds."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        jupyterlab(Path(scratch)) as url,
        open_browser(1500, 1500) as watched,
    ):
        notebook = Notebook(watched, url, Path(scratch), lab_cells())
        notebook.page.wait_for_selector(".gan-lab canvas", timeout=120_000)
        page = notebook.page
        page.get_by_role("button", name="Reset").click()
        rounds = "Number(document.querySelector('.gan-lab [data-value=rounds]').textContent"
        page.wait_for_function(f"{rounds}) === 0")
        page.get_by_role("button", name="Play").click()
        page.wait_for_function(f"{rounds}.replace(/\\D/g, '')) >= {ROUNDS}", timeout=120_000)
        page.locator(".gan-lab").screenshot(path=target)


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    slide(TARGET / "deck.png")
    gan_lab(TARGET / "gan_lab.png")
