"""The transcription view in a real browser: seen, gone through by keys alone, corrected, played."""

import pytest
from selenium.webdriver.common.keys import Keys

LOOP = 31
CANVAS = "document.querySelector('.view-transcription canvas')"


@pytest.fixture
def page(served, browser):
    browser.open(f"{served.url}#transcription?id={LOOP}")
    browser.until(f"return {CANVAS}?.dataset.drawn === '0-44100' && {CANVAS}.dataset.hits === '4'")
    return browser


def chosen(browser, k):
    browser.until(f"return {CANVAS}.dataset.chosen === arguments[0]", str(k))


def test_a_loop_is_found_drawn_and_gone_through_by_keys(page):
    assert page.text(".view-transcription h2") == "groove.wav"
    chosen(page, 0)
    page.press(Keys.ARROW_RIGHT)
    chosen(page, 1)
    assert "closed hat" in page.text(".view-transcription .hit b")
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    chosen(page, 3)
    page.press(Keys.ARROW_LEFT)
    chosen(page, 2)
    # All labels of the model, not only those that the library keeps.
    page.until("return Number(document.querySelector('.bars').dataset.n) > 20")
    page.press("+")
    page.until(f"return {CANVAS}.dataset.drawn !== '0-44100'")
    page.press("f")
    page.until(f"return {CANVAS}.dataset.drawn === '0-44100'")
    dark = page.run("return getComputedStyle(document.body).backgroundColor")
    page.look(390, 844, scheme="light", mobile=True)
    page.until("return document.documentElement.scrollWidth <= 390")
    assert page.run("return getComputedStyle(document.body).backgroundColor") != dark


def test_a_hit_is_corrected_and_taken_back(page, served):
    page.press(Keys.ARROW_RIGHT)
    chosen(page, 1)
    page.until("return Number(document.querySelector('.bars').dataset.n) > 20")
    second = page.run("return document.querySelectorAll('.guesses button')[1].lastChild.textContent").replace(" ", "_")
    page.press("2")
    page.until("return document.querySelector('.hit .quiet').textContent.includes('your correction')")
    hit = served.json(f"/api/sounds/{LOOP}")["hits"][1]
    assert (hit["label"], hit["corrected"]) == (second, True)
    page.press("l")
    page.press(*"Stick", Keys.ENTER)
    page.until("return document.querySelector('.hit b').textContent.includes('stick')")
    assert served.json(f"/api/sounds/{LOOP}")["hits"][1]["label"] == "stick"
    page.driver.refresh()  # what was corrected is there after a reload
    page.until(f"return {CANVAS}?.dataset.hits === '4'")
    page.press(Keys.ARROW_RIGHT)
    page.until("return document.querySelector('.hit b')?.textContent.includes('stick')")
    page.find(".hit form button[type=button]").click()  # take back
    page.until("return document.querySelector('.hit b').textContent.includes('closed hat')")
    assert not served.json(f"/api/sounds/{LOOP}")["hits"][1]["corrected"]


def test_undo_goes_back_one_correction(page, served):
    page.press("l")
    page.press(*"clap", Keys.ENTER)
    page.until("return document.querySelector('.hit b').textContent.includes('clap')")
    page.press("u")
    page.until("return document.querySelector('.hit b').textContent.includes('kick')")
    assert not served.json(f"/api/sounds/{LOOP}")["hits"][0]["corrected"]


def test_what_cannot_be_a_label_is_said(page, served):
    page.press("l")
    page.press(*"kik", Keys.ENTER)
    page.until("return document.getElementById('notice').textContent.includes('did you mean kick')")
    assert not served.json(f"/api/sounds/{LOOP}")["hits"][0]["corrected"]
    page.driver.get_log("browser")  # Chromium itself writes that a request was refused


def test_it_plays_with_clicks_and_a_moving_playhead(page):
    page.run(
        "window.started = 0; const start = OscillatorNode.prototype.start;"
        "OscillatorNode.prototype.start = function (...at) { window.started += 1; return start.apply(this, at); };"
    )
    page.press(Keys.HOME, " ")
    first = int(page.until(f"return {CANVAS}.dataset.playhead"))
    page.until(
        f"return Number({CANVAS}.dataset.playhead) > arguments[0] || {CANVAS}.dataset.playhead === undefined", first
    )
    assert page.run("return window.started") >= 3  # hits from the cursor on
    page.until(f"return {CANVAS}.dataset.playhead === undefined")  # it ends by itself
    assert page.text(".controls button.main") == "Play"
    page.press("c", Keys.HOME, " ")
    page.until(f"return {CANVAS}.dataset.playhead !== undefined")
    page.press(" ")
    page.until(f"return {CANVAS}.dataset.playhead === undefined")


def test_sounds_are_searched_for_and_opened(page):
    page.press("/")
    page.press(*"label:tom_low")
    page.until("return document.querySelectorAll('.found button').length === 5")
    page.press(Keys.ENTER, Keys.ENTER)
    page.until(f"return {CANVAS}.dataset.hits === '1' && {CANVAS}.dataset.id !== '{LOOP}'")
    assert "tom low" in page.text(".hit b")
    page.press("/")
    page.press(*"x:")
    page.until("return document.querySelector('.found .bad') !== null")
    page.driver.get_log("browser")  # Chromium itself writes that a request was refused


def test_files_can_be_taken_along(page):
    links = page.run("return [...document.querySelectorAll('.files a')].map((a) => a.getAttribute('href'))")
    assert links == [f"/api/sounds/{LOOP}/transcription.{suffix}" for suffix in ("mid", "csv", "json")]
