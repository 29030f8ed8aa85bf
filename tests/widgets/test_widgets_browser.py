"""The widgets in a real JupyterLab: what moves, what stops, what is said."""

from __future__ import annotations

import pytest

pytest.importorskip("anywidget")
pytest.importorskip("jupyterlab")

from gan_utils.widgets.presets import PRESETS

browser = pytest.importorskip("browser", reason="tools/ lies in the checkout")
screenshots = pytest.importorskip("screenshots", reason="tools/ lies in the checkout")

pytestmark = [
    pytest.mark.repository,
    pytest.mark.slow,
    pytest.mark.skipif(not browser.find_chromium(), reason="needs the program chromium"),
]

START = 120_000  # milliseconds until a kernel has loaded TensorFlow on a busy machine
BUSY = 30_000
MODES, ERROR = ".gan-lab [data-value=modes]", ".gan-lab .error"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A folder, and the address of a JupyterLab on it."""
    folder = tmp_path_factory.mktemp("lab")
    with browser.jupyterlab(folder) as url:
        yield folder, url


@pytest.fixture
def page_of_its_own():
    with browser.open_browser(1500, 1400) as watched:
        watched.page.set_default_timeout(BUSY)
        yield watched


@pytest.fixture
def open_notebook(server, page_of_its_own):
    """Opens a notebook of these cells in JupyterLab and runs it."""
    folder, url = server
    return lambda *cells: browser.Notebook(page_of_its_own, url, folder, list(cells))


def value(page, name):
    return page.locator(f".gan-lab [data-value={name}]").inner_text()


def rounds(page):
    return int(value(page, "rounds").replace(",", ""))


def wait_for_rounds(page, count):
    page.wait_for_function(
        "count => Number(document.querySelector('.gan-lab [data-value=rounds]').textContent"
        ".replace(/\\D/g, '')) >= count",
        arg=count,
        timeout=BUSY,
    )


def picture(page, canvas=0):
    """What the plane shows, or the chart, which is canvas 1."""
    return page.evaluate(
        "canvas => document.querySelectorAll('.gan-lab canvas')[canvas].toDataURL()", canvas
    )


def stands_still(page):
    """Whether nothing is asked any more, and the game itself stands: its rounds, twice."""
    answers = page.locator(".gan-lab:visible").first.get_attribute
    before = answers("data-answers")
    page.wait_for_timeout(700)
    if answers("data-answers") != before:
        return False
    found = []
    for _ in range(2):
        press(page, "Move D")  # moves no round on
        found.append(rounds(page))
        page.wait_for_timeout(700)
    return found[0] == found[1]


def press(page, name):
    """Presses a button of the lab and waits for its answer."""
    wait_for_answer(page, lambda: page.get_by_role("button", name=name).click())


def wait_for_answer(page, act):
    """Does something and waits until the lab has shown another answer; no error stands."""
    shown = page.locator(".gan-lab:visible").first
    before = int(shown.get_attribute("data-answers"))
    act()
    page.wait_for_function(
        "([root, count]) => Number(root.dataset.answers) > count",
        arg=[shown.element_handle(), before],
    )
    assert shown.locator(".error").inner_text() == ""


def faults(watched):
    """What went wrong in the page; JupyterLab itself logs no errors here."""
    return [fault for fault in watched.faults if fault.startswith("error")]


def test_a_fault_in_the_page_is_seen(page_of_its_own):
    page_of_its_own.page.evaluate("setTimeout(() => { throw new Error('here') })")
    page_of_its_own.page.wait_for_timeout(200)
    assert "here" in faults(page_of_its_own)[0]


def test_the_lab_plays_and_every_control_answers(open_notebook):
    notebook = open_notebook(*screenshots.lab_cells())
    page = notebook.page
    page.wait_for_selector(".gan-lab canvas", timeout=START)
    page.wait_for_function(
        "document.querySelector('.gan-lab [data-value=rounds]').textContent !== '–'", timeout=BUSY
    )
    first, seen, chart = rounds(page), picture(page), picture(page, 1)
    button = page.locator(".gan-lab button.main")
    button.click()
    wait_for_rounds(page, first + 60)  # three frames; the chart is drawn at every second one
    assert picture(page) != seen and button.inner_text() == "Pause"
    assert picture(page, 1) != chart
    button.click()
    page.wait_for_timeout(300)
    assert stands_still(page)

    for name in ("Move D", "Move G"):  # one player moves, and no round is counted
        seen, count = picture(page), rounds(page)
        press(page, name)
        assert picture(page) != seen and rounds(page) == count

    for rule in ("loss", "penalty", "samples", "data"):
        select = page.locator(f".gan-lab select[data-rule={rule}]")
        for option in select.locator("option:enabled").all():
            choice = option.get_attribute("value")
            if select.input_value() == choice:
                continue
            seen = picture(page)
            wait_for_answer(page, lambda c=choice, s=select: s.select_option(c))
            press(page, "Move D")
            assert picture(page) != seen
            # The answer holds the kernel's rules, and the control shows these.
            assert select.input_value() == choice

    penalty = page.locator(".gan-lab select[data-rule=penalty]")
    wait_for_answer(page, lambda: penalty.select_option("r1"))
    for rule in ("weight", "d_steps", "d_rate", "g_rate", "beta_1"):  # by the keyboard
        slider = page.locator(f".gan-lab input[data-rule={rule}]")
        before = slider.input_value()
        slider.focus()
        wait_for_answer(page, lambda: page.keyboard.press("ArrowRight"))
        page.locator(".gan-lab button.main").focus()
        press(page, "Move G")  # its answer sets the slider to the kernel's value
        assert slider.input_value() != before
    pace = page.locator(".gan-lab input[data-rule=pace]")
    pace.focus()
    page.keyboard.press("End")
    press(page, "Reset")
    button.click()
    wait_for_rounds(page, 50)  # one frame is enough
    assert rounds(page) % 50 == 0
    button.click()
    page.wait_for_timeout(500)  # an answer may be under way
    press(page, "Reset")
    assert rounds(page) == 0 and stands_still(page)
    assert faults(notebook.watched) == []


def test_the_named_games_are_chosen_by_the_keyboard_and_say_what_to_watch(open_notebook):
    notebook = open_notebook(*screenshots.lab_cells())
    page = notebook.page
    page.wait_for_selector(".gan-lab[data-answers]", timeout=START)
    menu, line = page.get_by_label("Game", exact=True), page.locator(".gan-lab .watch")
    loss = page.locator(".gan-lab select[data-rule=loss]")
    assert menu.input_value() == "settles" and line.inner_text() == PRESETS["settles"].watch
    menu.focus()
    for name, preset in list(PRESETS.items())[1:]:
        wait_for_answer(page, lambda: page.keyboard.press("ArrowDown"))
        assert menu.input_value() == name and line.inner_text() == preset.watch
        assert rounds(page) == 0 and loss.input_value() == preset.rules.loss
    wait_for_answer(page, lambda: loss.select_option("minimax"))
    assert menu.locator("option:checked").inner_text() == "rules of your own"
    assert not line.is_visible()
    button = page.locator(".gan-lab button.main")
    button.click()
    wait_for_rounds(page, 20)
    menu.select_option("settles")
    line.wait_for()  # an answer to the game before may have been under way
    wait_for_rounds(page, 20)
    assert button.inner_text() == "Pause"  # play goes on, in a new game
    assert faults(notebook.watched) == []


def test_data_can_be_drawn_with_the_mouse_and_with_the_keyboard(open_notebook):
    notebook = open_notebook(*screenshots.lab_cells())
    page = notebook.page
    page.wait_for_selector(".gan-lab canvas", timeout=START)
    page.wait_for_selector(".gan-lab[data-answers]")
    select = page.locator(".gan-lab select[data-rule=data]")
    draw = page.get_by_role("button", name="Draw data")
    draw.click()
    box = page.locator(".gan-lab canvas").first.bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 80)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(box["x"] + 80 + 4 * step, box["y"] + 80 + 3 * step)
    page.mouse.up()
    notebook.wait_until(MODES, "of 12 pieces")
    assert select.input_value() == "drawn"

    select.select_option("ring")
    notebook.wait_until(MODES, "of 8 modes")
    draw.click()
    for keys in ("Space", "Enter"):  # one press sets 5 points, and 20 are needed
        page.keyboard.press(keys)
    notebook.wait_until(ERROR, "5 points")
    draw.click()
    for _ in range(8):
        page.keyboard.press("Space")
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    notebook.wait_until(MODES, "pieces")
    assert faults(notebook.watched) == []


def test_nothing_trains_after_an_interrupt_or_when_the_cell_is_run_again(open_notebook):
    notebook = open_notebook(*screenshots.lab_cells())
    page = notebook.page
    page.wait_for_selector(".gan-lab canvas", timeout=START)
    button = page.locator(".gan-lab button.main")
    button.click()
    wait_for_rounds(page, rounds(page) + 10)
    notebook.interrupt()
    notebook.wait_until(ERROR, "interrupted")
    assert button.inner_text() == "Play" and stands_still(page)
    button.click()  # and the notebook lives on
    wait_for_rounds(page, rounds(page) + 10)

    # While a cell runs the game waits and says so; an interrupt of the cell stops both.
    notebook.run("import time; time.sleep(60)")
    notebook.wait_until(ERROR, "A cell is running")
    count = rounds(page)
    page.wait_for_timeout(700)
    assert rounds(page) == count
    notebook.interrupt()
    notebook.wait_until(ERROR, "interrupted")
    assert stands_still(page)
    button.click()
    notebook.run("import time; time.sleep(3)")
    notebook.wait_until(ERROR, "A cell is running")
    wait_for_rounds(page, rounds(page) + 10)  # and goes on by itself

    notebook.command("notebook:run-cell")  # run-all left the last cell active
    notebook.wait_until(".gan-lab button.main", "Play")
    page.wait_for_selector(".gan-lab[data-answers]")
    assert stands_still(page)

    button.click()
    wait_for_rounds(page, rounds(page) + 10)
    # Jupyter interrupts a kernel before it ends it; a busy machine has time to say so.
    notebook.restart()
    page.wait_for_function(
        "selector => /does not answer|interrupted/.test("
        "document.querySelector(selector)?.textContent)",
        arg=ERROR,
    )
    if button.inner_text() == "Play":
        button.click()
    notebook.wait_until(ERROR, "does not answer")


EXPLORER = """
from gan_utils.networks.registry import recorded_generator
from gan_utils.data import load_images
from gan_utils.judging import Judge
from gan_utils.widgets.latent import LatentSpace, latent_explorer
generator = recorded_generator("granada_mlp", "02_mlp_gan_mnist")
digits = load_images("mnist").images[:500]
latent_explorer(LatentSpace(generator, (0.0, 1.0), digits, Judge("mnist")))
"""
PLAYGROUND = """
from gan_utils.data import load_images
from gan_utils.judging import Judge
from gan_utils.widgets.playground import Playground, metric_playground
test = load_images("fashion_mnist", "test")
memory = load_images("fashion_mnist").images[:500]
metric_playground(Playground(test.images, test.labels, memory, Judge("fashion_mnist")))
"""


def pictures(panel):
    """The bytes of a panel's pictures, and its table."""
    return panel.evaluate(
        """async (root) => JSON.stringify([root.querySelector("table").textContent,
            ...await Promise.all([...root.querySelectorAll("img")].map(async (image) =>
                [...new Uint8Array(await (await fetch(image.src)).arrayBuffer())].join()))])"""
    )


def move_each_slider(page, number):
    """Moves every slider of a panel by the keyboard; what it shows changes each time."""
    panel = page.locator(".gan-panel").nth(number)
    for slider in panel.locator("input[type=range]").all():
        before = pictures(panel)
        high, value = slider.get_attribute("max"), slider.input_value()
        slider.focus()
        answers = int(panel.get_attribute("data-answers"))
        for _ in range(3):
            page.keyboard.press("ArrowLeft" if float(value) == float(high) else "ArrowRight")
        page.wait_for_function(
            "([number, count]) => Number(document.querySelectorAll('.gan-panel')[number]"
            ".dataset.answers) > count",
            arg=[number, answers],
        )
        page.wait_for_timeout(1000)  # until the newest values are answered, too
        assert panel.locator(".error").inner_text() == ""
        assert pictures(panel) != before
    for image in panel.locator("img").all():
        assert image.evaluate("i => i.complete && i.naturalWidth > 0")
        assert image.get_attribute("alt")


def test_the_explorer_answers_in_its_three_panels(open_notebook):
    notebook = open_notebook(EXPLORER)
    page = notebook.page
    page.wait_for_selector(".gan-panel[data-answers]", timeout=START)
    for number in range(3):
        summary = page.locator(".gan-panel summary").nth(number)
        if number:  # by the keyboard
            summary.focus()
            page.keyboard.press("Enter")
            page.wait_for_selector(f":nth-match(.gan-panel, {number + 1})[data-answers]")
        move_each_slider(page, number)
        summary.click()
    assert faults(notebook.watched) == []


def test_the_playground_answers(open_notebook):
    notebook = open_notebook(PLAYGROUND)
    page = notebook.page
    page.wait_for_selector(".gan-panel[data-answers]", timeout=START)
    panel = page.locator(".gan-panel")
    assert {row.inner_text() for row in panel.locator("td:last-child").all()} == {"no"}
    move_each_slider(page, 0)
    assert "yes" in {row.inner_text() for row in panel.locator("td:last-child").all()}
    assert faults(notebook.watched) == []


PAD = """\
import numpy as np
from gan_utils.widgets.panel import Answer, Pad, Panel

def answer(drawn):
    shown = np.uint8(255) * drawn[None, ..., None]
    return Answer(f"{drawn.sum()} pixels in {drawn.any(axis=1).sum()} rows", {"drawn": shown},
                  backdrop=np.full((14, 14, 1), 90, np.uint8))

Panel("Draw", [], answer, pad=Pad("drawn", "a pad", 14))"""


def stroke(page, size, *pixels):
    """Draws on a pad of `size` × `size` pixels, from one (column, row) to the next in one jump."""
    box = page.locator(".gan-panel canvas").bounding_box()
    places = [
        [
            box[start] + (at + 0.5) * box["width"] / size
            for start, at in zip("xy", pixel, strict=True)
        ]
        for pixel in pixels
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
    page.mouse.up()


def test_a_pad_is_drawn_on_with_the_mouse_and_with_the_keyboard(open_notebook):
    notebook = open_notebook(PAD)
    page = notebook.page
    page.wait_for_selector(".gan-panel[data-answers]", timeout=START)
    canvas, words = page.locator(".gan-panel canvas"), page.locator(".gan-panel .words")

    def says(sentence):
        page.wait_for_function(
            "text => document.querySelector('.gan-panel .words').textContent === text",
            arg=sentence,
        )

    says("0 pixels in 0 rows")
    stroke(page, 14, (1, 3), (9, 3))
    says("9 pixels in 1 rows")
    page.keyboard.down("Shift")  # rubs out
    stroke(page, 14, (1, 3))
    page.keyboard.up("Shift")
    says("8 pixels in 1 rows")
    canvas.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    says("9 pixels in 2 rows")
    page.keyboard.press("Delete")
    says("8 pixels in 1 rows")
    page.get_by_role("button", name="Clear").click()
    says("0 pixels in 0 rows")
    grey = page.evaluate(
        "() => [...document.querySelector('.gan-panel canvas').getContext('2d')"
        ".getImageData(5, 5, 1, 1).data].slice(0, 3)"
    )
    assert grey == [90, 90, 90] and words.inner_text() == "0 pixels in 0 rows"
    assert faults(notebook.watched) == []


SKETCH = """\
from gan_utils.data import load_images
from gan_utils.data.tasks import edges
from gan_utils.judging import Judge
from gan_utils.widgets.drawing import Sketcher, sketch_pad
examples = edges(load_images("fashion_mnist", "test").images[:3])
sketch_pad(Sketcher(lambda lines: 255 - lines, examples, Judge("fashion_mnist")))"""


def test_lines_are_drawn_over_an_example_and_become_a_garment(open_notebook):
    notebook = open_notebook(SKETCH)
    page, panel = notebook.page, notebook.page.locator(".gan-panel")
    notebook.wait_until(".gan-panel[data-answers] .words", "Draw the lines", START)
    assert panel.locator("img").count() == 0
    stroke(page, 28, (4, 4), (20, 4), (20, 24))
    notebook.wait_until(".gan-panel .words", "The judge takes it for the class")
    assert panel.locator(".words").is_visible()
    assert [image.get_attribute("alt") for image in panel.locator("img").all()] == [
        "lines", "garment",
    ]  # fmt: skip
    move_each_slider(page, 0)
    assert faults(notebook.watched) == []


ERASER = """\
import numpy as np
from gan_utils.data import load_images
from gan_utils.widgets.drawing import Eraser, eraser_pad
complete = {"black": lambda images, missing: np.where(missing, np.uint8(0), images)}
eraser_pad(Eraser(load_images("fashion_mnist", "test").images[:20], complete))"""


def test_a_part_of_an_image_is_rubbed_out_and_filled(open_notebook):
    notebook = open_notebook(ERASER)
    page, panel = notebook.page, notebook.page.locator(".gan-panel")
    notebook.wait_until(".gan-panel[data-answers] .words", "Draw a hole", START)
    stroke(page, 28, (10, 10), (18, 10))  # three pixels wide
    notebook.wait_until(".gan-panel .words", "33 of 784 pixels are missing")
    assert panel.locator("td").first.inner_text() == "black"
    assert [image.get_attribute("alt") for image in panel.locator("img").all()] == [
        "erased", "black", "truth",
    ]  # fmt: skip
    move_each_slider(page, 0)
    assert faults(notebook.watched) == []


ROUND_TRIP = """\
from gan_utils.data import load_images
from gan_utils.judging import Judge
from gan_utils.widgets.round_trip import RoundTrip, round_trip
digits = load_images("mnist", "test").images[:40]

def translate(images, to):
    return 255 - images if to == "b" else 250 - images // 2

round_trip(RoundTrip(translate, digits, 255 - digits, Judge("mnist")))"""


def test_the_round_trip_answers_in_both_directions(open_notebook):
    notebook = open_notebook(ROUND_TRIP)
    page = notebook.page
    page.wait_for_selector(".gan-panel[data-answers]", timeout=START)
    for number in range(2):
        summary = page.locator(".gan-panel summary").nth(number)
        if number:
            summary.click()
            page.wait_for_selector(f":nth-match(.gan-panel, {number + 1})[data-answers]")
        move_each_slider(page, number)
        summary.click()
    assert faults(notebook.watched) == []


GROWING = """\
from gan_utils.networks.growing import Growth
from gan_utils.widgets.growing import Growing, growing
growth = Growth(7, (8, 6, 4), latent_dim=5)
growing(Growing([growth.generator(stage) for stage in range(3)], 5))"""


def test_sizes_and_fades_of_a_growing_generator_answer(open_notebook):
    notebook = open_notebook(GROWING)
    page = notebook.page
    page.wait_for_selector(".gan-panel[data-answers]", timeout=START)
    move_each_slider(page, 0)
    page.locator(".gan-panel summary").nth(0).click()
    page.locator(".gan-panel summary").nth(1).click()
    page.wait_for_selector(":nth-match(.gan-panel, 2)[data-answers]")
    move_each_slider(page, 1)
    assert faults(notebook.watched) == []
