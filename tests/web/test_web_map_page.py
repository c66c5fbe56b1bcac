"""The sample map in a real browser."""

from selenium.webdriver.common.keys import Keys


def current(browser):
    """Return the number of the sound that the map points at."""
    return int(browser.until("return document.querySelector('.tip:not([hidden])')?.dataset.id"))


def test_every_sound_is_a_dot_and_a_dot_that_is_clicked_plays(browser, served):
    browser.open(served.url)
    browser.until("return document.querySelector('.stage')?.dataset.drawn === '31'")
    browser.press(Keys.ARROW_RIGHT)
    first = current(browser)
    browser.press(Keys.ARROW_RIGHT)
    x, y = browser.run(
        "const tip = document.querySelector('.tip'), box = document.querySelector('.stage').getBoundingClientRect();"
        "return [parseFloat(tip.style.left) + box.left, parseFloat(tip.style.top) + box.top]"
    )
    second = current(browser)
    assert first != second
    browser.press(Keys.ARROW_LEFT)
    browser.until("return document.querySelector('.tip').dataset.id !== arguments[0]", str(second))
    browser.answers("/audio")
    browser.click_at(x, y)
    browser.until("return document.querySelector('.tip').dataset.id === arguments[0]", str(second))


def test_the_sound_of_a_dot_is_asked_for_in_ranges(browser, served):
    browser.open(served.url)
    browser.until("return document.querySelector('.stage')?.dataset.drawn === '31'")
    browser.press(Keys.ARROW_RIGHT)
    number = current(browser)
    seen = []

    def answered(driver):
        seen.extend(browser.answers(f"/api/sounds/{number}/audio"))
        return seen

    browser.wait(answered)
    status, headers = seen[0]
    assert (status, headers["accept-ranges"], headers["content-type"]) == (206, "bytes", "audio/wav")
    assert headers["content-range"].startswith("bytes 0-")
