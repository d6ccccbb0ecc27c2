"""What tests of report.html in a browser do with it."""

import json
import time


def open_page(browser, path):
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.get("about:blank")
    for log in ("browser", "performance"):
        browser.get_log(log)  # what came before
    browser.get(path.as_uri())
    wait(browser, "document.documentElement.dataset.ready === 'yes'")
    return browser


def wait(browser, condition, seconds=30):
    end = time.monotonic() + seconds
    while not browser.execute_script(f"return {condition}"):
        assert time.monotonic() < end, condition
        time.sleep(0.02)


def press(browser, selector):
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)


def requests(browser):
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [event for event in events if event["method"] == "Network.requestWillBeSent"]
    return [event["params"]["request"]["url"] for event in sent]


def quiet_and_offline(browser):
    assert browser.get_log("browser") == []
    sent = requests(browser)
    assert sum(url.endswith("report.html") for url in sent) == 1
    assert all(url.startswith(("file:", "data:", "blob:", "about:")) for url in sent), sent
