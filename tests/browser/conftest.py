"""A real Chromium for the pages: found on this machine, or the tests say where to get it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from reports.page import render_page
from reports.publication import Publication
from tests.unit.builders.publication import shipped

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WANTED = "A page is judged in a real browser: apt-get install chromium chromium-driver (.ci/run does it)."
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")

Opened = Callable[..., Any]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The browser, with every message of its console kept. In CI its absence is a failure."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        if os.environ.get("CI"):
            pytest.fail(WANTED)
        pytest.skip(WANTED)
    options = Options()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    yield browser
    browser.quit()


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Opened:
    """Opens a publication's page from disk at a width: ``opened("strategic", 320)``."""

    def open_page(publication: str | Publication, width: int = 1280, height: int = 900) -> Any:
        drawn = shipped(publication) if isinstance(publication, str) else publication
        file = tmp_path / "index.html"
        file.write_text(render_page(drawn), encoding="utf-8")
        chromium.get_log("browser")
        chromium.get_log("performance")
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        chromium.get(file.as_uri())
        return chromium

    return open_page
