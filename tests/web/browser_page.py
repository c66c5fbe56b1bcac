"""What the tests do to a page in Chromium: look, wait for a condition, press, point, listen to the network."""

import json

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE_S = 60  # CI machines are busy; nothing waits this long when all is well


class Browser:
    """One tab."""

    def __init__(self, driver):
        self.driver = driver

    def forget(self):
        """Begin as if nobody had ever been here: storage, size, colours, logs."""
        self.driver.get("about:blank")
        self.command("Storage.clearDataForOrigin", origin="*", storageTypes="all")
        self.look(1280, 720)
        self.driver.get_log("browser")
        self.driver.get_log("performance")

    def look(self, width, height, *, scheme="dark", mobile=False):
        """Give the page a size and a colour scheme."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        self.command("Emulation.setTouchEmulationEnabled", enabled=mobile)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", features=features)

    def open(self, url):
        """Open an address and wait until its view is there."""
        self.driver.get(url)
        self.until("return !!document.querySelector('#tabs a[aria-current]')")

    def command(self, name, **parameters):
        """Send a command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, parameters)

    def run(self, script, *arguments):
        """Return what a script returns."""
        return self.driver.execute_script(script, *arguments)

    def until(self, script, *arguments):
        """Wait until a script returns something true, and return it."""
        return self.wait(lambda driver: driver.execute_script(script, *arguments), f"never true: {script}")

    def wait(self, condition, complaint=""):
        """Wait until a function of the driver returns something true, and return it."""
        return WebDriverWait(self.driver, PATIENCE_S, 0.05).until(condition, complaint)

    def find(self, selector):
        """Wait for an element that is seen."""

        def seen(driver):
            try:
                return next(
                    (each for each in driver.find_elements(By.CSS_SELECTOR, selector) if each.is_displayed()), None
                )
            except StaleElementReferenceException:
                return None

        return self.wait(seen, f"never seen: {selector}")

    def text(self, selector):
        """Return the text of an element that is seen."""
        return self.find(selector).text

    def press(self, *keys):
        """Press keys one after another, wherever the focus is."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def click_at(self, x, y):
        """Move the mouse to a pixel of the page and click."""
        for kind, count in (("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 1)):
            self.mouse(kind, x, y, clickCount=count)

    def mouse(self, kind, x, y, **more):
        """Send one event of a mouse."""
        pressed = {"mousePressed": 1, "mouseReleased": 0}.get(kind, more.pop("buttons", 0))
        button = "none" if kind == "mouseMoved" and not pressed else "left"
        self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=pressed, **more)

    def answers(self, part):
        """Return (status, headers) of every answer since the last call of which the address contains a text."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.responseReceived":
                response = message["params"]["response"]
                if part in response["url"]:
                    headers = {name.lower(): value for name, value in response["headers"].items()}
                    found.append((response["status"], headers))
        return found

    def console_errors(self):
        """Return what was written to the console as an error."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
