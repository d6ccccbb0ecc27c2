"""`bt-fusion push` and `pull`, and --model URL wherever a saved model is named."""

import json
from pathlib import Path

import pytest

from bt_fusion.bundle import describe
from tests.cli.running import command, in_a_process, run

pytest.importorskip("fsspec", reason="needs the extra hub")


@pytest.fixture
def url(trained, tmp_path):
    from bt_fusion import push_model

    push_model(trained, f"file://{tmp_path}/place", tag="v1")
    return f"file://{tmp_path}/place@v1"


def test_the_printed_line_pulls_exactly_this_model(trained, tmp_path, capsys):
    assert command("push", trained, f"file://{tmp_path}/place", "--tag", "v1") == 0
    shown = capsys.readouterr().out.splitlines()
    digest = describe(trained)["digest"]
    assert [line.split()[0] for line in shown] == ["Pushed", "Digest", "Tag", "Pull"]
    assert shown[1].split() == ["Digest", f"sha256:{digest}"] and shown[2].split()[1] == "v1"
    words = shown[3].split("bt-fusion ")[1].split()
    assert words[1] == f"file://{tmp_path}/place@sha256:{digest}"
    assert command(*words[:2], tmp_path / "got", "--digest", f"sha256:{digest}") == 0
    shown = capsys.readouterr().out
    assert f"sha256:{digest}" in shown and "Pulled" in shown
    assert describe(tmp_path / "got")["digest"] == digest
    assert command("push", trained, tmp_path / "place", "--quiet") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pull", "s3://b/m?key=secret", "got"], "has no ? or #"),
        (["pull", "s3://me:secret@b/m", "got"], "no keys or passwords"),
        (["pull", "file:///none/m", "got", "--digest", "sha256:12"], "64 hexadecimal digits"),
        (["pull", "file:///none/m@v1", "got"], "there is no such tag"),
        (["push", "none", "memory://m"], "is not a folder"),
        (["push", "none", "memory://m", "--tag", "../x"], "tag '../x' is not"),
        (["show", "nosuch://me:secret@host/m"], "fsspec knows no nosuch://"),
        (["predict", "--data", "sp500", "--model", "nosuch://me:secret@host/m"], "knows no"),
    ],
)
def test_errors_are_one_line_without_secrets(words, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command(*words) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("error: ") and shown.err.count("\n") == 1
    assert message in shown.err and "secret" not in shown.err + shown.out


@pytest.mark.slow
def test_every_command_takes_a_url(url, trained, data, tmp_path, capsys):
    for words in (
        ("show", url, "--verify"),
        ("predict", "--model", url, "--data", data, "--last"),
        ("evaluate", "--model", url, "--data", data, "--json", tmp_path / "e.json"),
        ("audit", "--model", url, "--data", data),
    ):
        assert command(*words) == 0, capsys.readouterr().err
    capsys.readouterr()
    digest = describe(trained)["digest"]
    pinned = f"file://{tmp_path}/place@sha256:{digest}"
    out = tmp_path / "out"
    run("--data", data, "--model", url, "--out", out, "-q", "--no-report", "--placebo", "none")
    source = json.loads((out / "summary.json").read_text())["config"]["source"]
    assert source["model"] == pinned
    assert command("why", out, "--trade", 1, "--quiet") == 0
    words = ["--members", "lr", "--train-bars", 300, "--jobs", 1, "--no-report", "-q"]
    run("--data", data, "--recipe", url, "--out", tmp_path / "r", "--placebo", "none", *words)
    source = json.loads((tmp_path / "r" / "summary.json").read_text())["config"]["source"]
    assert source["recipe"] == pinned


def test_a_strategy_of_ones_own_takes_a_url(url, data):
    import backtrader as bt

    from bt_fusion import read_bars
    from bt_fusion.engine.feed import BarsData
    from bt_fusion.indicators import MLEnsemble
    from bt_fusion.strategies import with_ml

    class Cross(bt.Strategy):
        def __init__(self):
            self.average = bt.ind.SMA(period=5)

        def next(self):
            if not self.position and self.data.close[0] > self.average[0]:
                self.buy()

    class Asking(Cross):
        def __init__(self):
            super().__init__()
            self.ml = MLEnsemble(model=url)

    for strategy, params in ((Asking, {}), (with_ml(Cross), {"ml_model": url})):
        cerebro = bt.Cerebro()
        cerebro.adddata(BarsData(dataname=read_bars(data).iloc[490:]))
        cerebro.addstrategy(strategy, **params)
        (done,) = cerebro.run()
        ml = done.ml_filter.ensembles[done.data] if params else done.ml
        known = [value for value in ml.probability.array if value == value]
        assert len(known) > 50


@pytest.mark.slow
def test_an_interrupted_command_says_what_is_left(trained, tmp_path):
    code = (
        "import os, signal, sys, threading\n"
        "import bt_fusion.hub.push as push\n"
        "def interrupted(*_): os.kill(os.getpid(), signal.SIGINT); threading.Event().wait(9)\n"
        "push.load_saved = interrupted\n"
        "from bt_fusion.start import main\n"
        "main(sys.argv[1:])\n"
    )
    done = in_a_process("-c", code, "push", trained, f"file://{tmp_path}/p", cwd=tmp_path)
    assert done.returncode == 130 and "push again to go on" in done.stderr
    assert not Path(tmp_path, "p").exists()
