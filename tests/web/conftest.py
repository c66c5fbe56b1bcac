"""A library, a server on a port of its own, and one Chromium for all tests."""

import shutil

import pytest
from page_library import make_library, write_files

pytest.importorskip("starlette", reason="the extra web is not installed")
pytest.importorskip("uvicorn", reason="the extra web is not installed")

from page_server import serving

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def sounds(tmp_path):
    """The files of the library, the loop last."""
    return write_files(tmp_path / "Samples")


@pytest.fixture
def library(tmp_path, sounds):
    """A library that knows `sounds`; their ids are 1, 2, ..."""
    file = tmp_path / "library.sqlite"
    make_library(file, sounds)
    return file


@pytest.fixture
def served(library):
    """A server of that library."""
    with serving(library) as running:
        yield running


@pytest.fixture(scope="session")
def _driver():
    webdriver = pytest.importorskip("selenium.webdriver", reason="the extra test is not installed")
    binary = next(filter(None, map(shutil.which, CHROMIUM)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("Chromium and its driver are not here (apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in (
        *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--mute-audio", "--enable-unsafe-swiftshader"),
        "--autoplay-policy=user-gesture-required",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    started.set_script_timeout(60)
    yield started
    started.quit()


@pytest.fixture
def browser(_driver):
    """A Chromium without memory of the test before; the console must hold no error when the test is over."""
    from browser_page import Browser

    page = Browser(_driver)
    page.forget()
    yield page
    # The test's server has ended by now, and the page may have noticed.
    errors = [error for error in page.console_errors() if "ERR_CONNECTION_REFUSED" not in error]
    _driver.get("about:blank")
    assert errors == []
