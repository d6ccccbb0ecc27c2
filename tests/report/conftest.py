"""One headless Chromium, and one page in it, for all tests of report.html."""

import shutil

import pytest

from bt_fusion.data.bar_audit import audit_bars
from bt_fusion.data.samples import random_walk
from bt_fusion.report.html.page import draw_page
from bt_fusion.saved_runs.saved_run import SavedRun
from tests.report.in_browser import open_page, press

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
)


def found(*names):
    path = next((path for path in map(shutil.which, names) if path), None)
    return path or pytest.skip(f"none of {', '.join(names)} here")


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = found("chromium", "chromium-browser", "google-chrome")
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=found("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def small(browser, run_folder, tmp_path_factory):
    """The report of a small run, judged, all of its charts drawn."""
    run, path = SavedRun.read(run_folder), tmp_path_factory.mktemp("page") / "report.html"
    run.summary["comparison"] |= {"verdict": "no evidence", "because": "Too few entries."}
    run.summary["comparison"]["chance"] = {
        "net_profit": {"mean": 5.0, "ci95": [-10.0, 20.0]},
        "profit_factor": {"mean": 4.9, "ci95": [0.5, 16.4], "median": 2.1},
    }
    bars = random_walk(3_000)
    run.summary["audit"] = {"data": audit_bars(bars.drop(bars.index[1_500:1_510])).to_dict()}
    run.summary["statistics"] = {
        "placebo": {"real": 3.0, "p_value": 0.01, "mean": 0.1, "low": -1.0, "high": 2.0}
    }
    draw_page(path, run)
    browser.page = path
    return browser


@pytest.fixture
def opened(small):
    """The same page as it was at first."""
    if not small.execute_script("return typeof timeline !== 'undefined' && 'small' in window"):
        open_page(small, small.page)  # another test has opened another page
        small.execute_script("window.small = true")
    small.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    small.execute_script(
        "chosenTheme = null; picked = null; sayPicked(); redraw('light');"
        "timeline.show(...timeline.whole);"
        "document.getElementById('trade-filters').reset();"
        "const byEntry = document.querySelector('#trade-table thead th');"
        "while (byEntry.ariaSort !== 'ascending') byEntry.querySelector('button').click();"
        "document.getElementById('trade-filters').dispatchEvent(new Event('input'))"
    )
    press(small, "#ranges-signals button")  # Last 500 bars
    return small
