"""bt-fusion report: drawing again from the files alone."""

import json
import re
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bt_fusion.cli import main as cli
from bt_fusion.report.tearsheet import daily_returns


@pytest.fixture
def folder(run_folder, tmp_path):
    return shutil.copytree(run_folder, tmp_path / "run")


def report(*argv, expect=0):
    with pytest.raises(SystemExit) as ended:
        cli.main(["report", *map(str, argv)])
    assert (ended.value.code or 0) == expect


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.slow
def test_it_draws_from_the_files_alone(folder, capsys):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    report(folder)
    assert names(folder) - set(before) == {"report.html", "comparison.png"}
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert "report.html" in capsys.readouterr().out
    first = {name: (folder / name).read_bytes() for name in ("report.html", "comparison.png")}
    report(folder, "-q")
    assert {name: (folder / name).read_bytes() for name in first} == first


@pytest.mark.slow
def test_every_picture_as_png(folder, capsys):
    summary = json.loads((folder / "summary.json").read_text())
    summary["in_sample"] = 3
    summary["statistics"] = {
        "placebo": {"real": 3.0, "p_value": 0.01, "mean": 0.1, "low": -1.0, "high": 2.0}
    }
    summary["comparison"]["attribution"] = {"vetoed": {"trades": 3, "pnl": 10.0}}
    (folder / "summary.json").write_text(json.dumps(summary))
    report(folder, "--png")
    expected = ["attribution", "chance", "confusion", "difference", "drawdown", "funnel"]
    expected += ["importances", "placebo", "quarters", "ranking"]
    expected += ["refits", "reliability", "returns", "robustness", "signals"]
    assert names(folder / "pictures") == {f"{name}.png" for name in expected}
    for path in (folder / "pictures").iterdir():
        with Image.open(path) as image:
            assert image.width >= 600 and len(image.convert("RGB").getcolors(1 << 24)) > 20


def signals_shown(folder):
    """What report.html says of the bars that its signals open on."""
    text = (folder / "report.html").read_text()
    data = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', text, re.S)
    found = json.loads(data.group(1))["signals"]
    return {key: found[key] for key in ("bars", "until", "symbol")}


@pytest.mark.slow
def test_the_bars_whose_signals_are_shown(folder):
    report(folder, "--png")
    assert signals_shown(folder) == {"bars": 500, "until": None, "symbol": 0}
    picture = folder / "pictures" / "signals.png"
    drawn = {picture.read_bytes()}
    for options, changed in (
        (("--bars", "50"), {"bars": 50}),
        (("--until", "2024-01-01T12:00"), {"until": 1_704_110_400_000}),
        (
            ("--bars", "1", "--until", "2024-01-01 12:00:30"),
            {"bars": 1, "until": 1_704_110_430_000},
        ),
    ):
        report(folder, "--png", *options)
        assert signals_shown(folder) == {"bars": 500, "until": None, "symbol": 0} | changed
        drawn.add(picture.read_bytes())
    assert len(drawn) == 4
    report(folder, "--png", "--bars", "9999", "--symbol", "edge")
    assert signals_shown(folder)["bars"] == 9999 and picture.read_bytes() not in drawn


@pytest.mark.slow
def test_one_of_several_symbols_is_shown_first(folder):
    for name in ("bars", "predictions"):
        one = pd.read_parquet(folder / f"{name}.parquet")
        pd.concat([one.assign(symbol=symbol) for symbol in ("000001", "BBB")]).to_parquet(
            folder / f"{name}.parquet", index=False
        )
    for options, place in (((), 0), (("--symbol", "000001"), 0), (("--symbol", "BBB"), 1)):
        report(folder, "--png", *options)
        assert signals_shown(folder)["symbol"] == place


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--bars", "0"), "bars 0 must be a whole number of bars, 1 or more"),
        (("--until", "soon"), "until 'soon' is no ISO date; write 2020-01-31"),
        (("--until", "2023-12-31"), "is before the first bar; give a time from 2024-01-01"),
        (("--symbol", "gold"), "unknown symbol 'gold': Known: edge"),
    ],
)
def test_bars_that_are_not_there_are_one_line_and_exit_2(options, message, folder, capsys):
    before = names(folder)
    report(folder, "--png", *options, expect=2)
    shown = capsys.readouterr().err
    assert shown.startswith("error: ") and shown.count("\n") == 1 and message in shown
    assert names(folder) == before


@pytest.mark.parametrize(("name", "message"), [("bars.parquet", "has no bars.parquet")])
def test_a_missing_file_is_one_line_and_exit_2(name, message, folder, capsys):
    (folder / name).unlink()
    report(folder, expect=2)
    shown = capsys.readouterr().err
    assert shown.startswith("error: ") and shown.count("\n") == 1 and message in shown
    assert not (folder / "report.html").exists()


def test_a_missing_library_is_named_with_its_remedy(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "quantstats", None)
    monkeypatch.setattr("bt_fusion.report.tearsheet.find_spec", lambda name: None)
    report(folder, "--tearsheet", expect=2)
    assert "pip install 'bt-fusion[tearsheet]'" in capsys.readouterr().err
    assert not (folder / "report.html").exists()


def test_a_tear_sheet_of_a_few_days_is_refused(folder, capsys):
    pytest.importorskip("quantstats")
    report(folder, "--tearsheet", expect=2)
    assert "days of returns are too few" in capsys.readouterr().err


@pytest.mark.slow
def test_the_tear_sheet_fetches_nothing(folder):
    pytest.importorskip("quantstats")
    rng = np.random.default_rng(0)
    times = pd.date_range("2021-01-01", periods=800, name="datetime")
    curves = {name: 1e5 * np.cumprod(1 + rng.normal(0, 0.01, 800)) for name in ("off", "on")}
    pd.DataFrame({"datetime": times, **curves}).to_parquet(folder / "equity.parquet", index=False)
    report(folder, "--tearsheet")
    text = (folder / "tearsheet.html").read_text()
    assert "ML off" in text and "ML on" in text
    fetched = re.findall(r'(?:src|<link[^>]*href)="?([^" >]+)', text)
    assert all(not url.startswith(("http", "//")) for url in fetched)


def test_daily_returns_compound_to_the_whole():
    times = pd.date_range("2024-01-01 06:00", periods=30, freq="7h")
    values = np.linspace(100, 130, 30)
    found = daily_returns(pd.DataFrame({"datetime": times, "on": values}), "on")
    assert len(found) == 9 and np.prod(1 + found) == pytest.approx(1.3)
