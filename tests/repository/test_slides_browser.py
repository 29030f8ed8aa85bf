"""Every slide and every step of every deck, as an audience sees them at 1280 × 720."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import psutil
import pytest

from gan_utils.figures import STYLE

slides = pytest.importorskip("slides", reason="tools/ lies in the checkout")
browser = pytest.importorskip("browser", reason="tools/ lies in the checkout")
pytest.importorskip("pypandoc")
pytestmark = [
    pytest.mark.repository,
    pytest.mark.slow,
    pytest.mark.skipif(not browser.find_chromium(), reason="needs the program chromium"),
]

DECKS = sorted(slides.DECKS.glob("*.md"))
PRINTED = STYLE["font.size"] * STYLE["figure.dpi"] / 72  # pixels of a figure's text
LIMITS = [24, 4.5, slides.WIDTH, slides.HEIGHT, PRINTED]

# A picture of 400 × 700 pixels, which the height of a slide makes smaller.
NAMESPACE = "xmlns=%22http://www.w3.org/2000/svg%22"
TALL = f"data:image/svg+xml,<svg {NAMESPACE} width=%22400%22 height=%22700%22/>"

LOOK = (Path(__file__).parents[1] / "support" / "slide_faults.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of all decks."""
    try:
        vendor = slides.fetch(slides.BUILD / "vendor")
    except slides.SlidesError as error:
        pytest.skip(f"reveal.js and KaTeX cannot be fetched: {error}")
    folder = tmp_path_factory.mktemp("slides")
    return {deck: slides.build(deck, folder, vendor, pdf=False) for deck in DECKS}


@pytest.mark.parametrize("deck", DECKS, ids=lambda path: path.stem)
def test_every_step_of_a_deck_can_be_read(pages, deck):
    page_file = pages[deck]
    assert page_file.stat().st_size < 8e6
    with browser.open_browser(slides.WIDTH, slides.HEIGHT) as watched:
        page = watched.page
        page.goto(page_file.as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady() && document.fonts.ready")
        page.evaluate("document.fonts.ready.then(() => true)")
        # Steps appear at once, not by and by.
        page.add_style_tag(content=".reveal * { transition: none !important; }")
        written = slides.slides_of(deck.read_text(encoding="utf-8"))
        assert page.evaluate("Reveal.getTotalSlides()") == len(written) + 1  # and the title
        faults, steps = [], 0
        while True:
            place = page.evaluate("Reveal.getIndices()")
            found = page.evaluate(LOOK, LIMITS)
            title = written[place["h"] - 1].title if place["h"] else "title page"
            faults += [f"{title}: {fault}" for fault in found]
            if place["h"] and not (page.evaluate("Reveal.getSlideNotes()") or "").strip():
                faults.append(f"{title}: no notes reach the speaker")
            if page.evaluate("Reveal.getCurrentSlide().querySelector('.fragment aside.notes')"):
                faults.append(f"{title}: its notes wait for a step")
            if page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
                break
            page.evaluate("Reveal.next()")
            steps += 1
    assert sorted(set(faults)) == []
    assert steps >= len(written)
    assert watched.faults == []
    asked = {url for url in watched.requests if not url.startswith(("data:", "blob:"))}
    assert asked <= {page_file.as_uri()}


def test_the_speaker_reads_the_notes_from_the_first_step_on(pages):
    """In the window that S opens, which is what a speaker looks at."""
    deck = max(DECKS, key=lambda path: path.read_text(encoding="utf-8").count("\n. . .\n"))
    with browser.open_browser(slides.WIDTH, slides.HEIGHT) as watched:
        page = watched.page
        page.goto(pages[deck].as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        with page.expect_popup() as opened:
            page.keyboard.press("s")
        speaker = opened.value
        for number, slide in enumerate(slides.slides_of(slides.read(deck)), 1):
            page.evaluate(f"Reveal.slide({number}, 0, -1)")
            first = next(filter(None, re.findall(r"[A-Za-z]{4,}", slide.notes)))
            speaker.wait_for_function(
                "word => document.querySelector('.speaker-controls-notes:not(.hidden) .value')"
                "?.innerText.includes(word)",
                arg=first,
            )


@pytest.mark.parametrize("signal_name", ["SIGKILL", "SIGTERM", "SIGABRT"])
def test_a_browser_that_dies_says_so(signal_name):
    def died():
        with browser.open_browser(100, 100) as watched:
            children = psutil.Process().children(recursive=True)
            (first, *_) = [child for child in children if "--headless" in child.cmdline()]
            first.send_signal(getattr(signal, signal_name))
            first.wait(60)
            watched.page.title()
            watched.page.wait_for_timeout(5000)

    with pytest.raises(browser.BrowserDied, match=r"^the browser (is gone|was killed|ended)") as c:
        died()
    assert "\n" not in str(c.value)


def test_a_slide_that_is_too_full_is_found(pages, tmp_path):
    """The look itself: what it has to find is put on a slide."""
    with browser.open_browser(slides.WIDTH, slides.HEIGHT) as watched:
        page = watched.page
        page.goto(pages[DECKS[0]].as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        page.evaluate("Reveal.slide(1)")
        for html, told in [
            ("<p style='font-size: 20px'>small</p>", "20.0 px"),
            ("<p style='color: #999999'>pale</p>", "contrast 2.8"),
            (
                "<p style='background: #e69f00'><b style='color: #e69f00'>orange</b></p>",
                "contrast 1.0",
            ),
            ("<p style='position: absolute; top: 715px; left: 0'>low</p>", "outside"),
            ("<img src='data:image/png;base64,AA' alt='x'>", "no content"),
            ("<img src='' alt=''>", "no alternative text"),
            (f"<img src='{TALL}' alt='tall'>", "the text of a picture has 12.3 px"),
            ("<span class='math'>x</span>", "is not set"),
            ("<p style='opacity: 0.5'>half</p>", "faint"),
            ("<p style='color: rgba(0, 0, 0, 0.3)'>pale</p>", "faint"),
            ("<div style='width: 30px; overflow: hidden'><p>Wideness</p></div>", "clipped"),
            ("<div style='height: 20px; overflow: hidden'><p>cut</p><p>off</p></div>", "clipped"),
        ]:
            page.evaluate(
                "html => { const box = document.createElement('div'); box.id = 'fault';"
                "box.innerHTML = html; Reveal.getCurrentSlide().append(box); }",
                html,
            )
            page.wait_for_function(
                "[...document.querySelectorAll('#fault img')].every((image) => image.complete)"
            )
            found = page.evaluate(LOOK, LIMITS)
            assert any(told in fault for fault in found), (told, found)
            page.evaluate("document.getElementById('fault').remove()")


def test_a_deck_is_printed_one_sheet_a_slide(pages):
    page_file = pages[DECKS[1]]
    slides._print(page_file)
    pdf = page_file.with_suffix(".pdf").read_bytes()
    written = slides.slides_of(DECKS[1].read_text(encoding="utf-8"))
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == len(written) + 1
    assert len(re.findall(rb"/Subtype\s*/Image\b", pdf)) > 5  # its figures
