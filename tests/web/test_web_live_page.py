"""The live view in a real browser: it says when nothing runs, and shows what is heard as it comes."""

import socket

import pytest
from page_server import serving
from test_web_live import ears, play  # noqa: F401 (a fixture)

VIEW = "document.querySelector('.view-live')"


def test_it_says_how_to_start_where_nothing_runs(browser, library):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        with serving(library, server_port=port) as served:
            browser.open(f"{served.url}#live")
            browser.until(f"return {VIEW}.querySelector('.blank h2')?.textContent === 'Nobody listens yet'")
            assert str(port) in browser.text(".view-live .blank")
            assert "drumbridge listen --serve" in browser.text(".view-live .blank")
            browser.look(390, 844, scheme="light", mobile=True)
            browser.until("return document.documentElement.scrollWidth <= 390")
            browser.driver.get("about:blank")


@pytest.fixture
def page(browser, library, ears):  # noqa: F811
    with serving(library, server_port=ears) as served:
        browser.open(f"{served.url}#live")
        browser.until(f"return {VIEW}.querySelector('.blank')?.dataset.running === 'true'")
        yield browser
        browser.driver.get("about:blank")  # so that the server need not wait for the page


def test_hits_are_shown_as_they_come(page, ears):  # noqa: F811
    from live_player import Player
    from osc_client import Udp

    keeper = Udp(ears)  # a stream that stays open, so that the view does
    stays = Player(keeper, "stays")
    page.until(f"return {VIEW}.querySelector('.streams .name')?.textContent === 'stays'")
    player = play(ears)
    finals = {
        event.arguments[1] for event in player.events if event.address.endswith("hit") and event.arguments[2] == 1
    }
    early = {event.arguments[1] for event in player.events if event.address.endswith("hit") and event.arguments[2] == 0}
    assert len(early) > 5
    fates = (
        f"Object.fromEntries([...{VIEW}.querySelectorAll('.fates dd')]"
        ".map((dd) => [dd.dataset.fate, Number(dd.textContent)]))"
    )
    page.until(f"const f = {fates}; return f.confirmed + f.changed + f.late === arguments[0]", len(finals))
    told = page.run(f"return {fates}")
    assert told["early"] == len(early)
    assert told["confirmed"] + told["changed"] == len(early & finals)
    assert told["withdrawn"] == len(early - finals)
    rows = page.run(f"return {VIEW}.querySelectorAll('.heard li').length")
    assert rows == min(60, len(early | finals))
    assert page.run(f"return {VIEW}.querySelector('.heard .labels').textContent").startswith(("kick", "closed hat"))
    drawn = f"const c = {VIEW}.querySelector('.lanes canvas'); return c.width > 300 && c.height > 100"
    assert page.run(drawn)
    page.press("x")
    page.until(f"return {VIEW}.querySelectorAll('.heard li').length === 0 && {fates}.early === 0")
    page.press(" ")
    page.until(f"return {VIEW}.querySelector('.controls button').getAttribute('aria-pressed') === 'true'")
    page.press("1")
    page.until(f"return {VIEW}.querySelector('.streams button').getAttribute('aria-pressed') === 'true'")
    page.look(390, 844, scheme="light", mobile=True)
    page.until("return document.documentElement.scrollWidth <= 390")
    stays.ask("stream/close", stays.stream_id)
    keeper.close()


FATES = [
    (["early kick", "final kick"], "confirmed"),
    (["early kick", "final snare"], "changed"),
    (["early kick", "withdrawn kick"], "withdrawn"),
    (["final snare"], "late"),
    (["early kick"], "early"),
    (["early kick", "final kick", "final snare"], "confirmed"),  # a second label of the same hit
]


def test_what_becomes_of_early_answers(served, browser):
    browser.open(served.url)
    browser.until("return document.querySelector('.stage')?.dataset.drawn === '31'")
    script = """
        const [cases, done] = arguments;
        import("/static/live/strokes.js").then(({ Strokes, histogram }) => {
          const all = new Strokes();
          const fates = cases.map((events, k) => {
            let stroke;
            for (const event of events) {
              const [stage, label] = event.split(" ");
              const position = 1000 * k;
              const more = { confidence: 0.9, velocity: 90, latency_ms: 5 };
              stroke = all.add({ stream: 1, hit: k, stage, label, position, ...more });
            }
            return stroke.fate;
          });
          const { bins, median, slowest } = histogram([1, 2, 3, 99, -4], 4, 8);
          done([fates, all.counts, all.latencies.early.length, bins, median, slowest]);
        });
    """
    fates, counts, n, bins, median, slowest = browser.driver.execute_async_script(script, [case for case, _ in FATES])
    assert fates == [fate for _, fate in FATES]
    assert counts == {"early": 5, "confirmed": 2, "changed": 1, "withdrawn": 1, "late": 1, "final": 4}
    assert n == 5
    assert (bins, median, slowest) == ([2, 2, 0, 1], 2, 99)
