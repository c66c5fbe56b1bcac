"""The label session in a real browser."""

import pytest
from selenium.webdriver.common.keys import Keys

SHOWN = "const {id, hit} = document.querySelector('.card')?.dataset ?? {}; return id"


@pytest.fixture
def session(browser, served):
    browser.open(f"{served.url}#label")
    browser.until(SHOWN)
    return browser


def shown(browser, sound, hit=-1):
    """Wait until the session asks about a sound, or a hit."""
    browser.until(f"{SHOWN} === arguments[0] && hit === arguments[1]", str(sound), str(hit))


def test_the_least_certain_one_after_another_by_keys(session, served):
    asked = served.json("/api/uncertain")["entries"]
    ids = [(entry["id"], entry["hit"]) for entry in asked]
    shown(session, *ids[0])
    session.press("3")
    shown(session, *ids[1])
    assert served.json(f"/api/sounds/{ids[0][0]}")["label"] == "closed_hat"
    session.press(Keys.ENTER)
    shown(session, *ids[2])
    second = served.json(f"/api/sounds/{ids[1][0]}")
    assert (second["label"], second["corrected"]) == (asked[1]["label"], True)
    session.press(Keys.ARROW_RIGHT)
    shown(session, *ids[3])
    assert "2 labelled" in session.text(".session-head p")
    # Back over the skipped one, and over the one before, which is then as it was.
    session.press(Keys.ARROW_LEFT)
    shown(session, *ids[2])
    session.press("z")
    shown(session, *ids[1])
    assert not served.json(f"/api/sounds/{ids[1][0]}")["corrected"]
    session.press("m")
    session.press("cow", Keys.ENTER)
    shown(session, *ids[2])
    assert served.json(f"/api/sounds/{ids[1][0]}")["label"] == "cowbell"
    session.driver.refresh()
    shown(session, *ids[2])


def test_a_hit_of_a_loop_plays_its_piece_and_is_corrected(browser, served):
    browser.open(f"{served.url}#label?q=kind:loop")
    shown(browser, 31, 1)
    browser.press(Keys.SPACE)
    asked = []

    def piece(driver):
        asked.extend(browser.answers("/api/sounds/31/audio?start=10584&end=22050"))
        return asked

    browser.wait(piece)
    assert asked[0][0] == 206
    browser.press("8")
    shown(browser, 31, 3)
    hits = served.json("/api/sounds/31")["hits"]
    assert [hit["label"] for hit in hits] == ["kick", "ride", "snare", "closed_hat"]
    assert served.json("/api/find?q=with:ride")["ids"] == [31]
    for _ in range(3):
        browser.press(Keys.ENTER)
    assert "Nothing left to ask" in browser.text(".card .blank")


def test_on_a_phone_and_in_light(browser, served):
    browser.look(390, 844, scheme="light", mobile=True)
    browser.open(f"{served.url}#label")
    browser.find(".card [data-label=snare]").click()
    browser.until("return document.querySelector('.session-head p').textContent.startsWith('1 labelled')")
    assert browser.run("return document.documentElement.scrollWidth") <= 390
    assert browser.run("return document.querySelector('.session').scrollWidth") <= 390
