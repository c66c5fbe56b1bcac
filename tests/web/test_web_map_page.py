"""The sample map in a real browser: by mouse, by keys, in every colour and size."""

import shutil

import pytest
from page_library import LABELS, hear_with_another_model, make_library, write_files
from page_server import serving
from selenium.webdriver.common.keys import Keys

from drumbridge.cli import main
from drumbridge.library.store import Library

ALL = "31"  # dots: 30 one-shots and a loop
DRAWN = f"return document.querySelector('.stage')?.dataset.drawn === '{ALL}'"


@pytest.fixture(params=["", "?draw=stamps"], ids=["webgl or stamps", "stamps"])
def drawn(request, browser, served):
    """The map, drawn by what the page chooses, and without a graphics card."""
    browser.open(served.url + request.param)
    browser.until(DRAWN)
    return browser


@pytest.fixture
def at_map(browser, served):
    browser.open(served.url)
    browser.until(DRAWN)
    return browser


def current(browser):
    """Return the number of the sound that the map points at."""
    return int(browser.until("return document.querySelector('.tip:not([hidden])')?.dataset.id"))


def place(browser):
    """Return where on the page the dot is that the map points at."""
    return browser.run(
        "const tip = document.querySelector('.tip'), box = document.querySelector('.stage').getBoundingClientRect();"
        "return [parseFloat(tip.style.left) + box.left, parseFloat(tip.style.top) + box.top]"
    )


def played(browser, number):
    """Wait until the sound was asked for, and return the answer's status and headers."""
    seen = []

    def answered(driver):
        seen.extend(browser.answers(f"/api/sounds/{number}/audio"))
        return seen

    browser.wait(answered, f"sound {number} was not asked for")
    return seen[0]


POINTED = "return Number(document.querySelector('.tip:not([hidden])')?.dataset.id ?? 0)"


def step(browser, key):
    """Go to another sound and return it: in the direction of an arrow key, or if there is none the other way."""
    before = browser.run(POINTED)
    opposite = {Keys.ARROW_RIGHT: Keys.ARROW_LEFT, Keys.ARROW_LEFT: Keys.ARROW_RIGHT}
    for each in (key, opposite[key]):
        browser.press(each)
        if browser.run(POINTED) not in (0, before):
            break
    assert current(browser) != before
    return current(browser)


def details(browser, number):
    """Wait until the right side shows a sound, and return its text."""
    return browser.text(f".details[data-id='{number}']")


def test_a_dot_is_drawn_in_the_colour_of_its_label(drawn):
    number = step(drawn, Keys.ARROW_RIGHT)
    colour = drawn.run(
        "const engine = document.querySelector('.stage canvas.dots'), copy = document.createElement('canvas');"
        "const box = engine.getBoundingClientRect(), tip = document.querySelector('.tip');"
        "copy.width = engine.width; copy.height = engine.height; const context = copy.getContext('2d');"
        "return new Promise((resolve) => requestAnimationFrame(() => { context.drawImage(engine, 0, 0);"
        "const x = parseFloat(tip.style.left), y = parseFloat(tip.style.top);"
        "resolve([...context.getImageData(x, y, 1, 1).data]); }))"
    )
    expected = drawn.run("return getComputedStyle(document.querySelector('.tip .dot')).backgroundColor")
    assert expected == f"rgb({colour[0]}, {colour[1]}, {colour[2]})", number


def test_a_dot_that_is_clicked_plays_and_is_answered_in_ranges(at_map):
    first = step(at_map, Keys.ARROW_RIGHT)
    x, y = place(at_map)
    other = step(at_map, Keys.ARROW_LEFT)
    assert other != first
    at_map.press(Keys.ESCAPE)
    at_map.driver.refresh()
    at_map.until(DRAWN)
    at_map.answers("/audio")
    at_map.click_at(x, y)
    assert current(at_map) == first
    status, headers = played(at_map, first)
    assert (status, headers["accept-ranges"], headers["content-type"]) == (206, "bytes", "audio/wav")
    assert headers["content-range"].startswith("bytes 0-")
    assert "sure" in details(at_map, first)


def test_sounds_play_under_the_mouse_after_one_gesture_and_not_when_told_so(at_map):
    first = step(at_map, Keys.ARROW_RIGHT)
    x, y = place(at_map)
    step(at_map, Keys.ARROW_LEFT)
    at_map.answers("/audio")
    at_map.mouse("mouseMoved", x, y)
    at_map.until("return document.querySelector('.tip').dataset.id === arguments[0]", str(first))
    at_map.press("h")
    at_map.until("return document.querySelector('.tools [aria-pressed]').getAttribute('aria-pressed') === 'false'")
    other = step(at_map, Keys.ARROW_LEFT)
    at_map.mouse("mouseMoved", x + 3, y)
    at_map.mouse("mouseMoved", x, y)
    assert current(at_map) == other


def test_a_correction_is_there_after_a_reload_and_in_find(at_map, served, capsys):
    number = step(at_map, Keys.ARROW_RIGHT)
    at_map.press("2")
    at_map.until(f"return document.querySelector('.details[data-id=\"{number}\"]')?.innerText.includes('by you')")
    at_map.driver.refresh()
    at_map.until(DRAWN)
    at_map.find(".side input[type=search]").send_keys("is:corrected", Keys.ENTER)
    at_map.until("return document.querySelector('.answer').textContent === '1 sound'")
    assert served.json(f"/api/sounds/{number}")["label"] == "snare"
    assert main(["find", "is:corrected", "--library", str(served.library), "--json"]) == 0
    found = capsys.readouterr().out
    assert found.count("\n") == 1
    assert '"label": "snare"' in found
    # And undone, from the keyboard: take it back.
    at_map.find(".found button").click()
    assert "by you" in details(at_map, number)
    at_map.press("0")
    at_map.until("return !document.querySelector('.details').innerText.includes('by you')")
    assert not served.json(f"/api/sounds/{number}")["corrected"]
    at_map.press("z")
    at_map.until("return document.querySelector('.details').innerText.includes('by you')")
    assert served.json(f"/api/sounds/{number}")["label"] == "snare"


def test_everything_by_keyboard(at_map):
    visited = set()
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_LEFT, Keys.ARROW_UP, Keys.ARROW_RIGHT, Keys.ARROW_DOWN):
        at_map.press(key)
        visited.add(current(at_map))
    assert len(visited) >= 3
    number = current(at_map)
    assert details(at_map, number)
    at_map.press("x")
    at_map.until("return document.querySelector('.details h2').textContent === '1 selected'")
    at_map.press(Keys.ESCAPE)
    assert details(at_map, number)
    at_map.press("m")
    at_map.until("return document.activeElement.matches('.more-labels')")
    at_map.press("cow", Keys.ENTER)
    at_map.until("return document.querySelector('.details .what').innerText.includes('cowbell')")
    at_map.until("return document.activeElement.matches('.stage')")
    at_map.press("z")
    at_map.until("return !document.querySelector('.details .what').innerText.includes('cowbell')")
    at_map.press("s")
    at_map.until("return document.querySelector('.side input').value.startsWith('like:')")
    at_map.until("return /sounds$/.test(document.querySelector('.answer').textContent)")
    at_map.press("?")
    assert "similar" in at_map.text("dialog[open]")
    at_map.press(Keys.ESCAPE)
    at_map.until("return !document.querySelector('dialog[open]')")
    at_map.press("/")
    at_map.until("return document.activeElement.matches('.side input')")


def test_a_search_says_what_is_wrong_with_it(at_map):
    at_map.press("/", "label:snaer")
    at_map.until("return document.querySelector('.answer.bad')?.textContent.includes('did you mean snare')")


def test_filters_leave_the_rest_as_specks(at_map):
    at_map.find("[data-chip=snare]").click()
    at_map.until("return document.querySelector('.chips').classList.contains('some')")
    snares = {step(at_map, Keys.ARROW_RIGHT)}
    for key in (Keys.ARROW_UP, Keys.ARROW_DOWN, Keys.ARROW_LEFT):
        at_map.press(key)
        snares.add(current(at_map))
    assert {(number - 1) % len(LABELS) for number in snares} == {LABELS.index("snare")}


def test_a_lasso_selects_and_labels_many_at_once(at_map, served):
    at_map.press("l")
    left, top, width, height = at_map.run(
        "const box = document.querySelector('.stage').getBoundingClientRect();"
        "return [box.left, box.top, box.width, box.height]"
    )
    corners = [(2, 2), (width - 2, 2), (width - 2, height - 60), (width / 2, height - 60), (2, height - 60), (2, 2)]
    at_map.mouse("mousePressed", left + 2, top + 2, clickCount=1)
    for x, y in corners[1:]:
        at_map.mouse("mouseMoved", left + x, top + y, buttons=1)
    at_map.mouse("mouseReleased", left + 2, top + 2, clickCount=1)
    selected = at_map.until("return document.querySelector('.details h2')?.textContent.match(/^(\\d+) selected/)?.[1]")
    assert int(selected) >= 25
    at_map.press("9")
    at_map.until("return document.querySelector('.breakdown').innerText.includes('percussion')")
    found = served.json("/api/find?q=label:percussion")["ids"]
    assert len(found) == int(selected)


def test_dragging_moves_the_map_and_the_wheel_looks_in(drawn):
    step(drawn, Keys.ARROW_RIGHT)
    x, y = place(drawn)
    drawn.mouse("mousePressed", 640, 360, clickCount=1)
    for k in range(1, 11):
        drawn.mouse("mouseMoved", 640 - 4 * k, 360 + 3 * k, buttons=1)
    drawn.mouse("mouseReleased", 600, 390, clickCount=1)
    drawn.until("return Math.abs(parseFloat(document.querySelector('.tip').style.left) - arguments[0]) > 30", x - 256)
    moved_x, moved_y = place(drawn)
    assert (round(moved_x - x), round(moved_y - y)) == (-40, 30)
    drawn.mouse("mouseWheel", moved_x, moved_y, deltaX=0, deltaY=-400)
    frames = drawn.run("return document.querySelector('.stage').dataset.frames")
    drawn.until("return document.querySelector('.stage').dataset.frames >= arguments[0]", frames)
    assert place(drawn) == pytest.approx([moved_x, moved_y], abs=3)  # the mouse is on a whole pixel


def test_new_sounds_appear_while_the_page_is_open(at_map, served, tmp_path):
    step(at_map, Keys.ARROW_RIGHT)
    number = current(at_map)
    from page_library import HeardFile, one_shot

    with Library(served.library) as library:
        new = HeardFile(b"/gone/new.wav", 1, 1, 999, 1, b"n" * 16, one_shot(33))
        library.remember([new], library.hearing(b"model", "{}", "model"))
    at_map.until("return document.querySelector('.stage').dataset.drawn === '32'")
    assert current(at_map) == number


def test_one_models_map_at_a_time_and_the_other_by_choice(at_map, served, tmp_path):
    drawn = "return document.querySelector('.stage').dataset.drawn === arguments[0]"
    assert at_map.run("return document.querySelector('.models').hidden")  # one model: nothing to choose
    step(at_map, Keys.ARROW_RIGHT)
    hear_with_another_model(served.library, write_files(tmp_path / "elsewhere", 11))
    at_map.until("return !document.querySelector('.models').hidden")
    at_map.until(drawn, ALL)  # not 43 on one map
    choose = at_map.find(".models select")
    at_map.until("return document.querySelector('.models select').innerText.includes('other-1 (12)')")
    choose.send_keys(Keys.ARROW_DOWN)  # by keyboard; the map's own arrow keys do not hear it
    at_map.until(drawn, "12")
    at_map.press(Keys.ESCAPE)
    number = step(at_map, Keys.ARROW_RIGHT)
    assert number > 32
    assert "elsewhere" in details(at_map, number)
    at_map.find(".models select").send_keys(Keys.ARROW_UP)
    at_map.until(drawn, ALL)
    at_map.run(f"location.hash = '#map?sound={number}'")
    at_map.until("return document.querySelector('#notice').textContent.includes('another model')")


def test_a_file_that_went_away_is_told_kindly(browser, served, sounds):
    browser.open(served.url)
    browser.until(DRAWN)
    number = step(browser, Keys.ARROW_RIGHT)
    sounds[number - 1].unlink()
    browser.driver.refresh()
    browser.until(DRAWN)
    browser.press(Keys.ARROW_RIGHT)
    assert "There is no file" in browser.text("#notice")
    errors = browser.console_errors()
    assert all("404" in error for error in errors)  # Chromium tells of every 404 by itself
    assert browser.find(f".details[data-id='{number}']")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_dark_and_light_follow_the_system_until_somebody_chooses(browser, served, scheme):
    browser.look(1280, 720, scheme=scheme)
    browser.open(served.url)
    browser.until(DRAWN)
    background = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] > 128"
    assert browser.run(background) == (scheme == "light")
    browser.find("#theme").click()
    assert browser.run(background) == (scheme == "dark")
    browser.driver.refresh()
    browser.until(DRAWN)
    assert browser.run(background) == (scheme == "dark")


def test_on_a_phone_nothing_is_wider_than_it_and_filters_are_a_drawer(browser, served):
    browser.look(390, 844, mobile=True)
    browser.open(served.url)
    browser.until(DRAWN)
    assert browser.run("return document.documentElement.scrollWidth") <= 390
    browser.find(".side-button").click()
    browser.find(".side [data-chip=kick]").click()
    browser.find(".side .close").click()
    browser.until("return getComputedStyle(document.querySelector('.side')).display === 'none'")
    browser.press(Keys.ARROW_RIGHT)
    browser.find(".details h2")
    assert browser.run("return document.documentElement.scrollWidth") <= 390


def test_no_library_and_then_one(browser, tmp_path):
    library = tmp_path / "later.sqlite"
    with serving(library) as running:
        browser.open(running.url)
        browser.until("return document.body.innerText.includes('drumbridge scan')")
        make_library(tmp_path / "made.sqlite", write_files(tmp_path / "Samples"))
        shutil.move(tmp_path / "made.sqlite", library)
        browser.until(DRAWN)


def test_a_library_of_a_newer_version_is_said_to_be_one(browser, served):
    browser.open(served.url)
    browser.until(DRAWN)
    with Library(served.library) as library:
        library.connection.execute("PRAGMA user_version = 99")
        library.connection.execute("UPDATE files SET vanished = 0 WHERE id = 1")
    browser.driver.refresh()
    browser.until("return document.body.innerText.includes('update drumbridge')")
