"""The command `retrain`: what it prints, its exit codes, how it is stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from bt_fusion import Ensemble, SignalModel
from bt_fusion.bundle import describe
from bt_fusion.data.samples import planted_edge
from tests.cli.running import ROOT, command
from tests.retraining.conftest import hourly


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with bars until July and a model until the middle of March."""
    root = tmp_path_factory.mktemp("retrain")
    bars = hourly(planted_edge(4_345, seed=1, auc=0.75)).rename_axis("datetime")
    bars.to_csv(root / "edge.csv")
    model = SignalModel(["wick_balance"], ensemble=Ensemble(["lr"])).fit(bars[:1_750])
    model.save(root / "model", symbol="edge")
    return root


@pytest.fixture
def place(made, tmp_path):
    return shutil.copytree(made, tmp_path / "place")


def retrain(place, *words):
    return command("retrain", "--model", place / "model", *words)


def on(place, day):
    return "--data", place / "edge.csv", "--todate", day


@pytest.mark.slow
def test_from_cron(place, capsys):
    assert retrain(place, *on(place, "2023-03-30")) == 0
    assert "not due until a bar of 2023-04-01 00:00 UTC" in capsys.readouterr().out
    assert retrain(place, *on(place, "2023-04-02"), "--json", place / "found.json") == 0
    shown = capsys.readouterr().out
    assert "#1 replaced" in shown and "because" in shown
    found = json.loads((place / "found.json").read_text())
    assert found["digest"] == describe(place / "model")["digest"]
    assert (place / "model.history" / "log.txt").read_text() == shown
    assert retrain(place, *on(place, "2023-04-03"), "-q") == 0
    assert capsys.readouterr().out == ""


def test_rollback(place, capsys):
    before = describe(place / "model")["digest"]
    retrain(place, *on(place, "2023-04-02"), "-q")
    assert retrain(place, "--rollback") == 0
    assert describe(place / "model")["digest"] == before
    assert "#2 rolled back" in capsys.readouterr().out
    assert retrain(place, "--rollback") == 2
    assert "holds no earlier model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--data is missing"),
        (["--rollback", "--watch"], "give --rollback or --watch, not both"),
        (["--data", "random-walk", "--every", "day"], "unknown period 'day'"),
        (["--data", "random-walk"], "the model was trained on bars of 1h, these are bars of 1m"),
        (["--data", "random-walk", "--json", "{place}/model/x.json"], "lies in the saved model"),
    ],
)
def test_bad_input_is_one_line(place, words, message, capsys):
    assert retrain(place, *(word.format(place=place) for word in words)) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_a_failure_is_in_the_log(place):
    assert retrain(place, "--data", "sp500", "-q") == 2
    log = (place / "model.history" / "log.txt").read_text()
    assert "UTC  failed: the model was trained on bars of 1h, these are bars of 1d" in log


PLUGIN = """
from bt_fusion import feature

@feature(lookback=1)
def half_body(bars):
    return (bars.close - bars.open) / (2 * bars.close)
"""


@pytest.mark.slow
def test_a_changed_plugin_is_refused(place, made):
    (place / "mine.py").write_text(PLUGIN)
    script = [sys.executable, "-m", "bt_fusion"]
    plugin = ["--plugin", str(place / "mine.py")]
    data = ["--data", str(place / "edge.csv"), *plugin]
    quick = ["--features", "half_body,wick_balance", "--members", "lr", "--test-share", "0.4"]

    def run(*words):
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run([*script, *words], capture_output=True, text=True, env=env)

    out = ["--out", str(place / "own")]
    assert run("train", *data, *quick, *out, "-q").returncode == 0
    again = ["retrain", "--model", str(place / "own"), *data]
    done = run(*again)
    assert done.returncode == 0 and "#1 " in done.stdout
    (place / "mine.py").write_text(PLUGIN.replace("2 *", "3 *"))
    done = run(*again)
    assert done.returncode == 2
    assert done.stderr.startswith("error: plug-in mine.py has changed since")
    done = run("retrain", "--model", str(place / "own"), "--data", str(place / "edge.csv"))
    assert done.returncode == 2 and "give --plugin mine.py" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_watch_retrains_when_bars_come_and_ends_on_ctrl_c(place):
    bars = (place / "edge.csv").read_text().splitlines(keepends=True)
    (place / "edge.csv").write_text("".join(bars[:2_000]))
    words = ["--model", place / "model", "--data", place / "edge.csv", "--watch", "--poll", "0.005"]
    process = subprocess.Popen(
        [sys.executable, "-m", "bt_fusion", "retrain", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert "not due until" in process.stdout.readline()
    (place / "edge.csv").write_text("datetime,open\n")
    assert "failed: " in process.stdout.readline()
    (place / "edge.csv").write_text("".join(bars))
    lines = [process.stdout.readline() for _ in range(7)]
    assert any("#1 replaced" in line for line in lines)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130
    assert error == "interrupted; the model is whole; run the command again to go on\n"
    log = (place / "model.history" / "log.txt").read_text()
    assert log.index("failed: ") < log.index("#1 replaced")
