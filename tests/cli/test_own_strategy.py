"""A strategy and a sizer of the user's own file, from the command line."""

import json

import pandas as pd
import pytest

from tests.cli.running import FILES, QUICK, run, written


def test_a_strategy_of_ones_own_with_ml_off_and_on(csv, mine, tmp_path, capsys):
    out, options = tmp_path / "out", ["--param", "period=7", "--param", "ml_threshold=0.55"]
    run("--data", csv, "--out", out, "--strategy", f"{mine}:Reversal", *options, *QUICK)
    shown = capsys.readouterr().out
    summary = json.loads((out / "summary.json").read_text())
    assert written(out) == FILES
    assert summary["signals"] == {} and "signals: " not in shown
    on = summary["funnel"]["on"]
    assert on["passed"]["asked"] == on["passed"]["agreed"] + sum(on["lost"]["agreed"].values())
    assert on["passed"]["ordered"] == on["passed"]["agreed"] > 10
    groups = summary["fused_vs_technical"]
    assert groups["run"] == "off" and groups["threshold"] == 0.55
    assert groups["agreed"]["trades"] > 10 and groups["disagreed"]["trades"] > 10
    assert "Did ML agree with the entries of ML off?" in shown
    assert pd.read_parquet(out / "bars.parquet")[["technical", "fused"]].isna().all(axis=None)
    assert summary["config"]["params"] == {"period": 7, "ml_threshold": 0.55}
    counts, vetoes = summary["comparison"]["trades"], summary["vetoes"]
    assert vetoes["entries"] == vetoes["long"] + vetoes["short"] > 50
    assert f"Vetoes     {vetoes['entries']:,} orders to enter" in shown
    # most of what ML vetoes is asked for again while the run without ML holds the trade
    assert counts["kept"] > 10 and counts["retimed"] > 5 and counts["vetoed"] > 5
    trades = pd.read_csv(out / "trades.csv")
    matched = sum(counts[name] for name in ("kept", "resized", "retimed", "open"))
    assert counts["vetoed"] + matched >= (trades.run == "off").sum()
    on = {(row.entry_time, row.side) for row in trades[trades.run == "on"].itertuples()}
    off = {(row.entry_time, row.side) for row in trades[trades.run == "off"].itertuples()}
    assert len(on & off) >= counts["kept"]


@pytest.mark.slow
def test_a_sizer_of_ones_own_and_a_share(csv, mine, tmp_path):
    base = ["--data", csv, "-q", "--no-report", "--ml", "off", *QUICK]
    for sizer in ("0.1", f"{mine}:Tenth"):
        run(*base, "--out", tmp_path / sizer[-3:], "--sizer", sizer)
    trades = [pd.read_csv(tmp_path / name / "trades.csv") for name in ("0.1", "nth")]
    assert trades[0]["size"][0] == pytest.approx(trades[1]["size"][0])
    account = json.loads((tmp_path / "nth" / "summary.json").read_text())["config"]["account"]
    assert account["sizer"].endswith(":Tenth")
    config = tmp_path / "job.toml"
    config.write_text("share = 0.1\nfee = 0.0005\n")
    run("--config", config, *base, "--out", tmp_path / "toml")
    assert pd.read_csv(tmp_path / "toml" / "trades.csv").equals(trades[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--strategy", "{mine}:Revesal"], "did you mean 'Reversal'?"),
        (["--strategy", "{mine}"], "add one of :Reversal"),
        (["--strategy", "{mine}:Reversal", "--param", "preiod=3"], "did you mean 'period'?"),
        (["--strategy", "{mine}:Reversal", "--param", "ml_treshold=3"], "'ml_threshold'?"),
        (["--strategy", "{mine}:Reversal", "--param", "period=5000"], "are fewer than"),
        (
            ["--strategy", "{mine}:Reversal", "--param", "fail_at=30"],
            "mine.py, line 13, in next: ValueError: no such luck",
        ),
        (["--sizer", "{mine}:Tent"], "did you mean 'Tenth'?"),
        (["--sizer", "1.5"], "share 1.5 must be above 0"),
        (["--sizer", "half"], "is neither a share of the account such as 0.95"),
    ],
)
def test_a_fault_in_what_is_ones_own_is_one_line(options, message, csv, mine, tmp_path, capsys):
    filled = [part.format(mine=mine) for part in options]
    run("--data", csv, "--out", tmp_path / "out", *QUICK, *filled, expect=2)
    shown = capsys.readouterr().err
    assert shown.startswith("error: ") and shown.count("\n") == 1 and message in shown
