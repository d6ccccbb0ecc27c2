"""`bt-fusion universe`: rows as they finish, kept over kills, and what it refuses."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from bt_fusion.data.samples import planted_edge, random_walk
from tests.cli.running import MINE, ROOT, command, written
from tests.universe.files import hourly

QUICK = ["--features", "wick_balance,gap", "--members", "lgb", "--train-bars", "400"]
QUICK += ["--param", "ml_threshold=0.5"]
PLUGIN = """
from bt_fusion import feature


@feature("half_gap", lookback=1)
def half_gap(bars):
    return (bars.open - bars.close) / bars.close / 2
"""
FILES = {
    "universe.csv",
    "universe.html",
    "universe.png",
    "summary.json",
    "universe_rows.parquet",
}


@pytest.fixture(scope="module")
def candles(tmp_path_factory):
    """Four sound files, one broken, one that is no data."""
    folder = tmp_path_factory.mktemp("candles")
    for seed in range(3):
        hourly(random_walk(1_200, seed)).to_csv(folder / f"WALK{seed}_1h.csv")
    hourly(planted_edge(1_200, 3, auc=0.8)).to_csv(folder / "EDGE_USDT-1h.csv")
    (folder / "broken.csv").write_text("a,b\n1,2\n")
    (folder / "readme.md").write_text("nothing to read")
    return folder


@pytest.mark.slow
def test_rows_a_ranking_and_a_verdict(candles, tmp_path, capsys):
    words = ["universe", "--data", candles, *QUICK, "--jobs", 1, "--out", tmp_path]
    assert command(*words) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    rows = [line for line in lines if "/5  " in line[:5]]
    assert [line.split("/")[0].strip() for line in rows] == ["1", "2", "3", "4", "5"]
    assert any("broken" in row and "no time column" in row for row in rows)
    assert any("EDGE/USDT" in row and "Sharpe off" in row for row in rows)
    flat = " ".join(shown.out.split())
    assert "fusion over 4 of 5 files" in flat and "Verdict" in flat and shown.err == ""
    assert "before control (chance alone gives up to" in flat
    assert written(tmp_path) == FILES
    page = (tmp_path / "universe.html").read_text()
    assert "EDGE/USDT" in page and "broken" in page and "data:image/png;base64," in page
    assert command(*words, "--no-report", "--quiet") == 0  # nothing to do, nothing to say
    assert capsys.readouterr().out == ""
    assert written(tmp_path) == FILES - {"universe.html", "universe.png"}
    assert json.loads((tmp_path / "summary.json").read_text())["runs"] == {"kept": 5, "made": 0}


@pytest.mark.slow
def test_a_user_s_strategy_sizer_and_features_reach_every_process(candles, tmp_path, registers):
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "parts.py").write_text(PLUGIN)
    words = ["--strategy", f"{tmp_path}/mine.py:Reversal", "--sizer", f"{tmp_path}/mine.py:Tenth"]
    words += ["--plugin", tmp_path / "parts.py", "--features", "half_gap,wick_balance"]
    words += ["--members", "lgb", "--train-bars", "400", "--no-report", "--quiet"]
    out = tmp_path / "out"
    assert command("universe", "--data", candles, *words, "--jobs", 2, "--out", out) == 0
    table = pd.read_csv(out / "universe.csv")
    assert table.error.notna().sum() == 1 and (table.off_trades.dropna() > 50).all()


@pytest.mark.slow
def test_a_saved_model_judges_all_files(candles, trained, tmp_path):
    words = ["--model", trained, "--no-report", "--quiet", "--jobs", 1]
    assert command("universe", "--data", candles, *words, "--out", tmp_path) == 0
    assert pd.read_csv(tmp_path / "universe.csv").error.notna().sum() == 1
    made = json.loads((tmp_path / "summary.json").read_text())
    assert made["runs"]["made"] == 5
    assert command("universe", "--data", candles, *words, "--out", tmp_path) == 0
    assert json.loads((tmp_path / "summary.json").read_text())["runs"]["made"] == 0
    shuffled = [*words, "--shuffle-labels"]
    assert command("universe", "--data", candles, *shuffled, "--out", tmp_path) == 2


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--data", "nowhere/*.csv"], "no file matches nowhere/*.csv"),
        (["--data", "{candles}", "--data", "{other}"], "are both of WALK0; choose by a pattern"),
        (["--data", "{candles}", "--horizon", "auto"], "follow the label's horizon"),
        (["--data", "{candles}", "--resample", "soon"], "'soon' is not a length such as"),
        (["--data", "{candles}", "--min-bars", "9999"], "none of 5 files can be judged"),
        (["--data", "{candles}", "--out", "{run}"], "holds a backtest; give another --out"),
    ],
)
def test_what_cannot_be_is_one_line(words, message, candles, tmp_path, capsys):
    places = {"candles": candles, "other": tmp_path / "other", "run": tmp_path / "run"}
    for name in ("other", "run"):
        places[name].mkdir()
    (places["run"] / "trades.csv").write_text("run\n")
    hourly(random_walk(900)).to_csv(places["other"] / "WALK0.csv")
    given = [word.format(**places) for word in words]
    out = [] if "--out" in given else ["--out", tmp_path / "out"]
    assert command("universe", *given, *QUICK, "--jobs", 1, *out) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.count("\n") == 1 and "Traceback" not in shown


def start(candles, out, *words):
    """Start the command in a process of its own."""
    given = ["universe", "--data", candles, *QUICK, "--jobs", 2, "--out", out, *words]
    return subprocess.Popen(
        [sys.executable, "-m", "bt_fusion", *map(str, given)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def parts(out):
    return [path for path in (out / "universe_parts").glob("*.parquet") if path.name[0] != "."]


@pytest.mark.slow
def test_killed_and_begun_again_it_comes_to_the_same(candles, tmp_path):
    whole = start(candles, tmp_path / "whole")
    assert "Verdict" in whole.communicate(timeout=240)[0]
    out, rng = tmp_path / "killed", random.Random(1)
    for kept in (1, 2):
        process = start(candles, out)
        while len(parts(out)) < kept and process.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.3))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    last = start(candles, out)
    last.communicate(timeout=240)
    assert json.loads((out / "summary.json").read_text())["runs"]["kept"] >= 2
    assert (out / "universe.csv").read_bytes() == (tmp_path / "whole/universe.csv").read_bytes()
    pooled = [
        json.loads((folder / "summary.json").read_text())["pooled"]
        for folder in (out, tmp_path / "whole")
    ]
    assert pooled[0] == pooled[1]


@pytest.mark.slow
def test_a_second_one_in_the_same_folder_is_refused(candles, tmp_path):
    first = start(candles, tmp_path)
    while not (tmp_path / ".universe.lock").exists():
        time.sleep(0.01)
    time.sleep(0.2)
    second = start(candles, tmp_path)
    message, _ = second.communicate(timeout=120)
    first.communicate(timeout=240)
    assert first.returncode == 0
    assert second.returncode == 2 and "another universe writes into" in message
