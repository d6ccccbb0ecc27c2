"""report.html in a headless Chromium: quiet, offline, quick, and alive."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.samples import random_walk
from bt_fusion.report.html.page import draw_page
from bt_fusion.report.signal_view import SignalView
from bt_fusion.report.signals import SignalBars
from bt_fusion.saved_runs.saved_run import SavedRun
from tests.report.in_browser import open_page, press, quiet_and_offline, wait

MOST_CANDLES = 1_500


def mark(browser, name):
    return browser.execute_script(f"return performance.getEntriesByName('{name}')[0].startTime")


def state(browser):
    """Candles drawn, bars in each, and days in view."""
    return browser.execute_script(
        "const p = document.getElementById('chart-candles');"
        "return [p.data[0].x.length, Number(p.dataset.step),"
        " (timeline.range[1] - timeline.range[0]) / 86400000]"
    )


def signals(browser):
    """The window of the signals in bars, and the bars with a triangle in it, by side."""
    shown = browser.execute_script(
        "const p = document.getElementById('chart-signals');"
        "const range = p.layout.xaxis.range.map(milliseconds);"
        "const side = (name) => p.data.find((trace) => trace.name === `${name} signal`)"
        ".x.filter((x) => x > range[0] && x < range[1]);"
        "return [range, side('long'), side('short')]"
    )
    start = pd.Timestamp("2024-01-01 06:40").value / 1e6  # of the window
    return [[(stamp - start) / 60_000 for stamp in stamps] for stamps in shown]


def test_it_is_quiet_and_asks_no_network_while_used(opened):
    assert opened.find_element("id", "verdict").text.splitlines()[1:3] == [
        "no evidence",
        "Too few entries.",
    ]
    for name in ("equity", "candles", "signals", "reliability", "importances", "refits", "placebo"):
        assert opened.execute_script(
            f"return document.querySelectorAll('#chart-{name} .main-svg').length > 0"
        ), name
    lines = opened.execute_script(
        "return document.getElementById('chart-chance').layout.shapes.map((line) => line.x0)"
    )
    assert sorted(lines) == [2.1, 5]  # the median of the ratio, the mean of the other
    in_rows = "#trade-table tbody button"
    for button in opened.find_elements("css selector", f"button:not(.modebar-btn, {in_rows})"):
        if button.is_displayed():
            opened.execute_script("arguments[0].click()", button)
    quiet_and_offline(opened)


def test_zooming_shows_finer_bars_and_all_charts_follow(opened):
    whole = state(opened)
    assert whole == [800, 1, pytest.approx(799 / 1440)]
    opened.execute_script(
        "return Plotly.relayout('chart-equity', {'xaxis.range':"
        " ['2024-01-01 08:00', '2024-01-01 09:00']})"
    )
    candles, step, days = state(opened)
    assert days == pytest.approx(60 / 1440) and step == 1
    assert candles <= 125  # the hour, and half of it on either side
    ranges = opened.execute_script(
        "return ['equity', 'candles'].map((n) => document.getElementById(`chart-${n}`)"
        ".layout.xaxis.range.map(milliseconds))"
    )
    assert ranges[0] == ranges[1]
    text = opened.find_element("id", "drawn-candles").text
    assert "Each candle is one bar" in text and "entries" in text
    press(opened, "#ranges-candles button")  # All
    assert state(opened) == whole


def test_signals_open_on_the_last_bars_and_page_through_all(opened, run_folder):
    bars = SavedRun.read(run_folder).bars
    assert bars.datetime[0] == pd.Timestamp("2024-01-01 06:40")

    def expected(first, last):
        found = bars.fused[first : last + 1]
        return [found.index[found == side].tolist() for side in (1, -1)]

    assert signals(opened) == [[299.5, 799.5], *expected(300, 799)]
    text = opened.find_element("id", "drawn-signals").text
    long, short = map(len, expected(300, 799))
    assert f"In view: 500 bars with {long} long and {short} short signals." in text
    earlier, later = (f"#ranges-signals [aria-label={name}]" for name in ("Earlier", "Later"))
    press(opened, earlier)
    assert signals(opened) == [[49.5, 549.5], *expected(50, 549)]
    press(opened, earlier)
    assert signals(opened) == [[-0.5, 499.5], *expected(0, 499)]
    press(opened, later)
    assert signals(opened)[0] == [249.5, 749.5]
    press(opened, "#ranges-signals button:nth-of-type(2)")  # All
    assert signals(opened) == [[-0.5, 799.5], *expected(0, 799)]
    assert state(opened) == [800, 1, pytest.approx(799 / 1440)]  # candles have another window
    press(opened, "#ranges-signals button")
    assert signals(opened)[0] == [299.5, 799.5]


def test_signals_tell_regimes_and_probabilities(opened, run_folder):
    drawn = SignalBars.of_run(SavedRun.read(run_folder), "edge").table
    names, levels, candles, widths = opened.execute_script(
        "const p = document.getElementById('chart-signals');"
        "const candles = p.data.find((trace) => trace.type === 'candlestick');"
        "return [p.data.filter((t) => t.showlegend).map((t) => t.name),"
        " p.layout.shapes.map((line) => [line.y0, line.name, line.showlegend]), candles.text,"
        " p.data.filter((t) => t.type === 'bar').map((t) => t.width.reduce((a, b) => a + b, 0))]"
    )
    assert sorted(names) == sorted(
        ["ranging", "uptrend", "downtrend", "long signal", "short signal", "P(up)", "P(down)"]
    )
    named = "thresholds 0.6, 0.4"
    assert levels == [[0.6, named, True], [0.4, named, False]]
    shown = drawn[-len(candles) :]
    regimes = ["ranging", "uptrend", "downtrend"]
    assert [text.split("<br>")[0] for text in candles] == [regimes[k] for k in shown.regime]
    assert candles[-1].split("<br>")[1:] == [
        f"P(up) {shown.up.iloc[-1]:.3f}",
        f"P(down) {shown.down.iloc[-1]:.3f}",
    ]
    minutes = [60_000 * int((shown.regime == k).sum()) for k in range(3)]
    assert widths == minutes and min(minutes) > 0


def test_a_group_of_bars_has_one_triangle_a_side_and_most_ones_regime(opened):
    found = opened.execute_script(
        """
        const bars = {
          longs: Uint8Array.from([0, 1, 1, 0, 0, 1, 0, 0, 0]),
          shorts: Uint8Array.from([0, 0, 0, 0, 1, 0, 0, 0, 0]),
          regime: Int8Array.from([0, 0, 1, 2, 2, 2, 2, 1, 1]),
        };
        const groups = { start: 0, stop: 9, step: 4, count: 3 };
        const found = groupSignals(bars, groups), x = [0, 4000, 9000];
        const candles = { x, low: [90, 91, 92], high: [100, 101, 102], bars: [4, 4, 1] };
        const view = { candles, span: [90, 102], log: false, groups };
        const points = (side, counts) => {
          const { x, y, text } = signalTrace(side, counts, view);
          return [x, y, text];
        };
        const shades = regimeTraces(found.regime, x, 4000).map(({ x, width }) => [x, width]);
        return [found, points(1, found.long), points(-1, found.short), shades];
        """
    )
    counts, long, short, shades = found
    assert counts == {"long": [2, 1, 0], "short": [0, 1, 0], "regime": [0, 2, 1]}
    assert long[0] == [0, 4000] and long[1] == pytest.approx([89.7, 90.7])
    assert long[2] == ["2 long signals among 4 bars", "long signal among 4 bars"]
    assert short[0] == [4000] and short[1] == pytest.approx([101.3])
    assert short[2] == ["short signal among 4 bars"]
    # ranging, uptrend, downtrend: no gap between them, however far apart candles are
    assert shades == [[[0], [4000]], [[9000], [4000]], [[4500], [5000]]]


def test_groups_hide_no_extreme(opened):
    found = opened.execute_script(
        """
        const time = Float64Array.from({ length: 10 }, (_, i) => i * 1000);
        const high = Float32Array.from([1, 9, 2, 3, 4, 5, 6, 7, 8, 2]);
        const bars = { time, open: time, high, low: high.map((x) => -x), close: time };
        const groups = grouping(time, [0, 9000], 5);
        const finer = grouping(time, [4000, 5000], 100);
        return {
          groups, finer, candles: groupCandles(bars, groups),
          values: groupValues(Float32Array.from([NaN, 1, 3, 2, NaN, NaN, NaN, NaN, 5, 5]), groups),
          extremes: groupExtremes(time, high, groups),
          below: Array.from(drawdown(Float32Array.from([4, 5, 2.5, 5, 10, 5]))),
        };
        """
    )
    assert found["groups"] == {"start": 0, "stop": 10, "step": 4, "count": 3}
    assert found["finer"] == {"start": 4, "stop": 7, "step": 1, "count": 3}
    candles = found["candles"]
    assert candles["x"] == [0, 4000, 8000] and candles["bars"] == [4, 4, 2]
    assert candles["high"] == [9, 7, 8] and candles["low"] == [-9, -7, -8]
    assert candles["open"] == [0, 4000, 8000] and candles["close"] == [3000, 7000, 9000]
    assert found["values"] == {"mean": [2, None, 5], "low": [1, None, 5], "high": [3, None, 5]}
    assert found["extremes"]["x"] == [0, 1000, 4000, 7000, 8000, 9000]
    assert found["extremes"]["y"] == [1, 9, 4, 7, 8, 2]
    assert found["below"] == [0, 0, -0.5, 0, 0, -0.5]


def test_a_mouse_drags_a_window(opened):
    from selenium.webdriver import ActionChains

    place = opened.find_element("id", "chart-candles")
    opened.execute_script("arguments[0].scrollIntoView({behavior: 'instant'})", place)
    before = state(opened)[2]
    drag = opened.find_element("css selector", "#chart-candles .nsewdrag")
    actions = ActionChains(opened, duration=50).move_to_element_with_offset(drag, -150, 0)
    actions.click_and_hold().move_by_offset(60, 0).move_by_offset(120, 4).release().perform()
    wait(opened, f"(timeline.range[1] - timeline.range[0]) / 86400000 < {0.5 * before}")
    assert state(opened)[2] == pytest.approx(before * 180 / drag.size["width"], rel=0.2)


@pytest.mark.slow
def test_the_theme_changes_page_and_charts(opened):
    colours = (
        "return [getComputedStyle(document.body).backgroundColor,"
        " ...['equity', 'signals'].map((n) =>"
        " document.getElementById(`chart-${n}`).layout.font.color)]"
    )
    first = opened.execute_script(colours)
    press(opened, "#theme")
    second = opened.execute_script(colours)
    assert all(one != other for one, other in zip(first, second, strict=True))
    press(opened, "#theme")
    assert opened.execute_script(colours) == first


def test_a_phone_never_scrolls_sideways(opened):
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wait(opened, "innerWidth === 390")
    wait(opened, "document.getElementById('chart-equity').offsetWidth < 390")
    assert opened.execute_script("return document.documentElement.scrollWidth") == 390
    wide = opened.execute_script(
        "return [...document.querySelectorAll('.chart .main-svg')]"
        ".map((svg) => svg.getBoundingClientRect().right).filter((right) => right > 390)"
    )
    assert wide == []


@pytest.mark.slow
def test_paper_gets_every_chart_in_light(opened):
    press(opened, "#theme")
    theme = "return document.documentElement.dataset.theme"
    chosen = opened.execute_script(theme)
    pdf = opened.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert len(pdf["data"]) > 100_000
    assert opened.execute_script(theme) == chosen
    assert opened.get_log("browser") == []


@pytest.mark.slow
def test_candles_and_signals_follow_the_symbol(browser, run_folder, tmp_path):
    run = SavedRun.read(run_folder)
    parts = {"AAA": slice(0, 800), "BBB": slice(0, 300)}
    frames = {
        name: pd.concat(
            [getattr(run, name)[rows].assign(symbol=symbol) for symbol, rows in parts.items()]
        )
        for name in ("bars", "predictions")
    }
    both = replace(run, trades=run.trades.assign(symbol="AAA"), **frames)
    path = tmp_path / "report.html"
    draw_page(path, both, SignalView(100, run.bars.datetime[249], "BBB"))
    opened = open_page(browser, path)
    chosen = "return [...document.querySelectorAll('select.symbol')].map((one) => one.value)"
    assert opened.execute_script(chosen) == ["1", "1"]
    assert signals(opened)[0] == [149.5, 249.5]
    home = opened.find_element("css selector", "#ranges-signals button").text
    assert home == "100 bars until 2024-01-01 10:49"
    opened.execute_script(
        "const select = document.querySelector('#signals select.symbol');"
        "select.value = '0'; select.dispatchEvent(new Event('change'))"
    )
    assert opened.execute_script(chosen) == ["0", "0"]
    assert signals(opened)[0] == [149.5, 249.5] and state(opened)[0] == 800
    press(opened, "#ranges-signals button:nth-of-type(2)")  # All
    assert signals(opened)[0] == [-0.5, 799.5]
    opened.execute_script(
        "const select = document.querySelector('#candles select.symbol');"
        "select.value = '1'; select.dispatchEvent(new Event('change'))"
    )
    assert opened.execute_script(chosen) == ["1", "1"]
    press(opened, "#ranges-signals button:nth-of-type(2)")
    assert signals(opened)[0] == [-0.5, 299.5]
    quiet_and_offline(opened)


@pytest.mark.slow
def test_a_long_run_is_seen_at_once_and_stays_smooth(browser, run_folder, tmp_path):
    draw_page(tmp_path / "report.html", long_run(SavedRun.read(run_folder), 55_000))
    assert (tmp_path / "report.html").stat().st_size < 12e6
    opened = open_page(browser, tmp_path / "report.html")
    assert mark(opened, "first-picture") < 2_000
    seen, steps = [], []
    for share in (1, 0.5, 0.1, 0.02, 0.004):
        took = opened.execute_script(
            "const [from, to] = timeline.whole, start = performance.now();"
            f"timeline.show(to - (to - from) * {share}, to);"
            "return performance.now() - start"
        )
        candles, step, days = state(opened)
        assert took < 1_500
        assert candles <= MOST_CANDLES
        seen.append(days)
        steps.append(step)
    assert steps == sorted(steps, reverse=True) and steps[0] >= 32 and steps[-1] == 1
    assert seen == sorted(seen, reverse=True)
    took, groups, marks = opened.execute_script(
        "const p = document.getElementById('chart-signals'), start = performance.now();"
        "document.querySelector('#ranges-signals [aria-label^=Show]').click();"
        "const sizes = p.data.map((trace) => trace.x.length);"
        "return [performance.now() - start, Math.max(...sizes), sizes[4]]"
    )
    assert took < 1_500 and marks <= groups <= MOST_CANDLES
    quiet_and_offline(opened)


@pytest.mark.slow
def test_a_very_long_run_is_drawn_in_groups_and_its_last_bars_one_by_one(
    browser, run_folder, tmp_path
):
    draw_page(tmp_path / "report.html", long_run(SavedRun.read(run_folder), 300_000))
    assert (tmp_path / "report.html").stat().st_size < 10e6
    opened = open_page(browser, tmp_path / "report.html")
    assert mark(opened, "first-picture") < 2_000
    show = (
        "const [from, to] = timeline.whole, at = (share) => from + (to - from) * share;"
        "timeline.show(at(arguments[0]), at(arguments[1]))"
    )
    steps = []
    for part in ((0, 1), (0.5, 0.501), (0.999, 1)):
        opened.execute_script(show, *part)
        candles, step, _ = state(opened)
        assert 20 <= candles <= MOST_CANDLES
        steps.append(step)
    assert steps[0] >= 240 and steps[1:] == [15, 1]
    text = opened.find_element("id", "drawn-signals").text
    assert text.startswith("Each candle is one bar. In view: 500 bars with ")
    press(opened, "#ranges-signals [aria-label^=Show]")
    assert "In view: 300,000 bars with " in opened.find_element("id", "drawn-signals").text
    quiet_and_offline(opened)


def long_run(run, count):
    """The same run over more bars: a random walk with random predictions and many trades."""
    rng = np.random.default_rng(0)
    bars = random_walk(count, seed=1).rename_axis("datetime").reset_index()
    up = 0.5 + 0.05 * rng.standard_normal(count)
    label, signal = (
        rng.integers(0, 2, count).astype(float),
        rng.integers(-1, 2, count).astype(float),
    )
    bars = bars.assign(label=label, technical=signal, fused=signal)
    predictions = pd.DataFrame({"datetime": bars.datetime, "probability_up": up})
    predictions = predictions.assign(
        probability_down=1 - up,
        signal=0.0,
        confidence=np.maximum(up, 1 - up),
        model=np.arange(count) // 2_500,
        trained_until=bars.datetime - pd.Timedelta(hours=1),
    )
    curves = {name: 1e5 * np.cumprod(1 + 1e-4 * rng.standard_normal(count)) for name in run.runs}
    at = np.sort(rng.choice(count - 10, 6_000, replace=False))
    trades = run.trades.iloc[np.arange(6_000) % len(run.trades)].assign(
        run=np.where(np.arange(6_000) % 10, "off", "on"),
        entry_time=bars.datetime[at].to_numpy(),
        exit_time=bars.datetime[at + 5].to_numpy(),
        entry_price=bars.open[at].to_numpy(),
        exit_price=bars.open[at + 5].to_numpy(),
    )
    equity = pd.DataFrame({"datetime": bars.datetime, **curves})
    return SavedRun(run.summary, trades.reset_index(drop=True), predictions, bars, equity)
