"""The list of trades in a headless Chromium: filtered, sorted, and a row shows its bars."""

import pytest

from bt_fusion.saved_runs.saved_run import SavedRun
from tests.report.in_browser import press


@pytest.fixture(scope="module")
def trades(run_folder):
    found = SavedRun.read(run_folder).trades
    return found.sort_values("entry_time", kind="stable").reset_index(drop=True)


def rows(browser):
    """Return the cells of the rows shown."""
    return browser.execute_script(
        "return [...document.querySelectorAll('#trade-table tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))"
    )


def counted(browser):
    return browser.find_element("id", "trade-count").text


def choose(browser, **filters):
    for name, value in filters.items():
        browser.execute_script(
            "const field = document.querySelector(`#trade-filters [name=${arguments[0]}]`);"
            "field.value = arguments[1];"
            "field.dispatchEvent(new Event('input', { bubbles: true }))",
            name,
            value,
        )


def test_the_list_opens_with_all_trades_a_page_at_a_time(opened, trades):
    assert counted(opened).startswith(f"Rows 1 to 50 of {len(trades)} trades, ")
    shown = rows(opened)
    assert len(shown) == 50
    first = trades.iloc[0]
    assert shown[0][:3] == [f"{first.entry_time:%Y-%m-%d %H:%M}", f"ML {first.run}", first.side]
    press(opened, "#trade-pages button:nth-of-type(3)")  # Next
    assert counted(opened).startswith(f"Rows 51 to {min(100, len(trades))} of ")
    assert rows(opened)[0][0] == f"{trades.entry_time[50]:%Y-%m-%d %H:%M}"


def test_filters_narrow_the_list(opened, trades):
    choose(opened, run="1", side="-1", result="won")
    own = trades[(trades.run == "on") & (trades.side == "short") & (trades.pnl > 0)]
    own = own[own.exit_reason != "open"]
    assert f" {len(own)} trades, {len(own)} won, " in f" {counted(opened).split(' of ')[-1]}"
    assert len(rows(opened)) == len(own) > 0
    choose(opened, run="", side="", result="", text="SHORT flip")
    wanted = (trades.exit_reason == "flip") & (trades.side == "short")
    assert f"of {wanted.sum()} trades" in counted(opened)
    choose(opened, text="never such a word")
    assert rows(opened) == [] and counted(opened).startswith("0 trades")


def test_a_heading_sorts_and_sorts_back(opened, trades):
    heads = opened.find_elements("css selector", "#trade-table thead button")
    names = [head.text for head in heads]
    profit = names.index("Profit")
    opened.execute_script("arguments[0].click()", heads[profit])
    largest = f"{trades.pnl.max():+,.0f}"
    assert rows(opened)[0][profit] == largest
    order = "return document.querySelectorAll('#trade-table thead th')[arguments[0]].ariaSort"
    assert opened.execute_script(order, profit) == "descending"
    opened.execute_script("arguments[0].click()", heads[profit])
    assert rows(opened)[0][profit] == f"{trades.pnl.min():+,.0f}"
    opened.execute_script("arguments[0].click()", heads[0])
    assert rows(opened)[0][0] == f"{trades.entry_time[0]:%Y-%m-%d %H:%M}"


@pytest.mark.slow
def test_a_row_shows_its_bars_among_the_candles(opened, trades):
    press(opened, "#trade-table tbody tr:nth-child(7)")
    trade = trades.iloc[6]
    start, end = opened.execute_script("return timeline.range")
    entry, leave = (stamp.value / 1e6 for stamp in (trade.entry_time, trade.exit_time))
    assert start < entry <= leave < end and (end - start) / 60_000 <= max(60, 3 * trade.bars) + 1
    drawn = opened.execute_script(
        "const p = document.getElementById('chart-candles');"
        "const line = p.data.find((trace) => trace.name === 'Picked trade');"
        "return [line.x, p.layout.shapes[0].type]"
    )
    assert drawn == [[entry, leave], "rect"]
    text = opened.find_element("id", "picked-trade").text
    assert f"entered {trade.entry_time:%Y-%m-%d %H:%M}" in text and "Back to the list" in text
    press(opened, "#picked-trade button")
    assert not opened.find_element("id", "picked-trade").is_displayed()
    assert not opened.execute_script(
        "return document.getElementById('chart-candles').data"
        ".some((trace) => trace.name === 'Picked trade')"
    )


@pytest.mark.slow
def test_paper_is_wide_enough_for_everything_and_has_no_controls(opened):
    size = {"width": 688, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        wide = opened.execute_script(
            "return [...document.querySelectorAll('main table')].filter("
            "(table) => table.getBoundingClientRect().right > innerWidth).length"
        )
        shown = opened.execute_script(
            "return [...document.querySelectorAll('.controls, .buttons, nav, #theme')]"
            ".filter((each) => each.offsetParent).length"
        )
    finally:
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert (wide, shown) == (0, 0)
