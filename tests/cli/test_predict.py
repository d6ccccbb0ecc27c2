"""`bt-fusion predict`: new bars, in words, on the terminal and in files."""

import json

import pandas as pd
import pytest

from bt_fusion import Ensemble, SignalModel, load_model
from bt_fusion.data.samples import planted_edge
from tests.cli.running import command, written

BARS = planted_edge(600, seed=1, auc=0.8)
COLUMNS = ["class", "signal", "confidence", "level", "trained_until", "in_sample"]


def run(data, model, *words, expect=0):
    """Run the command; it must end with the given exit code."""
    assert command("predict", "--data", data, "--model", model, *words) == expect


def read(path):
    """Read a table back, times as stamps."""
    if path.suffix == ".json":
        table = pd.DataFrame(json.loads(path.read_text()))
    else:
        table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    for name in ("class", "signal", "level"):
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    dates = ("datetime", "trained_until")
    return table.assign(**{name: table[name].astype("datetime64[ns]") for name in dates})


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_a_file_has_a_row_a_bar(kind, data, trained, tmp_path, capsys):
    out = tmp_path / f"new.{kind}"
    run(data, trained, "--out", out)
    expected = load_model(trained).predict(BARS, allow_in_sample=True).table()
    assert list(expected) == ["datetime", "prob_down", "prob_up", *COLUMNS]
    assert len(expected) == 600 and expected.prob_up.notna().sum() == 599
    pd.testing.assert_frame_equal(
        read(out), expected, check_dtype=False, check_exact=False, rtol=1e-12
    )
    assert f"Files      {out}\n" in capsys.readouterr().out
    assert written(tmp_path) == {f"new.{kind}"}


def test_the_last_bar_alone_is_one_row_or_one_object(data, trained, tmp_path):
    for kind in ("csv", "parquet", "json"):
        run(data, trained, "--last", "--out", tmp_path / f"last.{kind}")
    found = json.loads((tmp_path / "last.json").read_text())
    assert list(found) == ["datetime", "prob_down", "prob_up", *COLUMNS]
    assert found["datetime"] == "2024-01-01T09:59:00"
    assert found["trained_until"] == "2024-01-01T07:59:00" and found["in_sample"] is False
    for kind in ("csv", "parquet"):
        (row,) = read(tmp_path / f"last.{kind}").to_dict("records")
        assert row["prob_up"] == pytest.approx(found["prob_up"]) and row["class"] == found["class"]


def test_bars_the_model_knows_are_predicted_and_marked(data, trained, tmp_path, capsys):
    run(data, trained, "--out", tmp_path / "new.parquet")
    table = pd.read_parquet(tmp_path / "new.parquet")
    assert table.in_sample.sum() == 479 and table.in_sample[1:480].all()  # the first has no return
    note = "479 of 600 bars are in-sample: the model was trained until 2024-01-01 07:59"
    assert f"Note       {note}\n" in capsys.readouterr().out
    known = tmp_path / "known.csv"
    BARS[:300].to_csv(known)
    run(known, trained, "--last")
    assert "IN-SAMPLE: it was trained on this bar" in capsys.readouterr().out


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("label", "columns", "words"),
    [
        ("direction", ["prob_down", "prob_up"], {"Down", "Up"}),
        ("gain(threshold=0.01)", ["prob_no", "prob_yes"], {"No", "Yes"}),
        (
            "triple_barrier",
            ["prob_short", "prob_no_trade", "prob_long"],
            {"Short", "No trade", "Long"},
        ),
    ],
)
def test_classes_go_by_name(label, columns, words, data, tmp_path, capsys):
    model = SignalModel(["wick_balance", "gap"], label, Ensemble(["lr"])).fit(BARS[:400])
    saved = model.save(tmp_path / "m")
    run(data, saved, "--out", tmp_path / "new.csv")
    table = read(tmp_path / "new.csv")
    assert list(table) == ["datetime", *columns, *COLUMNS]
    assert table[columns][1:].sum(axis=1).to_numpy() == pytest.approx(1)
    assert set(table["class"].dropna()) <= words
    run(data, saved)
    heading = capsys.readouterr().out.splitlines()[-11]
    names = [column.removeprefix("prob_").replace("_", " ").capitalize() for column in columns]
    assert all(name in heading for name in names)


def test_the_terminal_shows_the_last_ten_bars_or_the_last(data, trained, capsys):
    run(data, trained)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "edge: probabilities of the last 10 of 600 bars"
    last = load_model(trained).predict(BARS).table().iloc[-1]
    assert len(lines) == 13 and lines[-1].split() == [
        "2024-01-01", "09:59", f"{last.prob_down:.3f}", f"{last.prob_up:.3f}", last["class"],
        last.signal, f"{last.confidence:.3f}", last.level,
    ]  # fmt: skip
    run(data, trained, "--last")
    assert capsys.readouterr().out.splitlines() == [
        "Bar        2024-01-01 09:59, edge",
        f"Class      {last['class']}",
        f"P          Down {last.prob_down:.3f}, Up {last.prob_up:.3f}",
        f"Signal     {last.signal}, confidence {last.confidence:.3f} ({last.level})",
        "Model      trained until 2024-01-01 07:59",
    ]
    run(data, trained, "-q")
    assert capsys.readouterr().out == ""


def test_bars_of_another_length_are_reported(trained, tmp_path, capsys):
    late = BARS.set_axis(BARS.index + (BARS.index - BARS.index[0]) * 59 + pd.Timedelta(days=1))
    late.to_csv(tmp_path / "hourly.csv")
    run(tmp_path / "hourly.csv", trained, "--last")
    assert capsys.readouterr().out.startswith("Note       the model was trained on bars of 1m, th")


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A model whose feature looks back over 21 bars."""
    model = SignalModel(["return_20"], ensemble=Ensemble(["lr"])).fit(BARS[:400])
    return model.save(tmp_path_factory.mktemp("models") / "slow")


@pytest.mark.parametrize("words", [(), ("--last",), ("--out", "{out}.csv")])
def test_too_few_bars_say_how_many_are_needed(words, slow, tmp_path, capsys):
    filled = [word.format(out=tmp_path / "new") for word in words]
    run("random-walk:20", slow, *filled, expect=2)
    message = "none of 20 bars can be predicted: the model's 1 features need 21 bars; give more"
    assert capsys.readouterr().err == f"error: {message} bars\n"
    assert written(tmp_path) == set()
    run("random-walk:21", slow, "--last")


def test_a_failure_while_writing_leaves_the_old_file(data, trained, tmp_path, monkeypatch, capsys):
    out = tmp_path / "new.csv"
    run(data, trained, "--out", out)
    before = out.read_bytes()

    def broken(self, path, **options):
        path.write_text("half a")
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_csv", broken)
    run(data, trained, "--out", out, expect=2)
    assert "cannot be written: disk full" in capsys.readouterr().err
    assert out.read_bytes() == before and written(tmp_path) == {"new.csv"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--out", "new.xlsx"),
            "out new.xlsx is not one of .csv, .parquet, .json; give such a file",
        ),
        (("--out", "new"), "out new is not one of .csv, .parquet, .json"),
    ],
)
def test_another_kind_of_file_is_refused(words, message, data, trained, capsys):
    run(data, trained, *words, expect=2)
    assert message in capsys.readouterr().err


def test_what_is_read_is_not_written_over(data, trained, tmp_path, capsys):
    own = tmp_path / "own.csv"
    own.write_bytes(data.read_bytes())
    run(own, trained, "--out", tmp_path / "." / "own.csv", expect=2)
    assert "own.csv holds the bars that are read" in capsys.readouterr().err
    assert own.read_bytes() == data.read_bytes()
    run(own, trained, "--out", trained / "new.csv", expect=2)
    assert "lies in the saved model's folder" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_reported_first(trained, tmp_path, capsys):
    (tmp_path / "dir.csv").mkdir()
    run("none.csv", trained, "--out", tmp_path / "dir.csv", expect=2)
    assert "dir.csv is a folder; give the name of a file" in capsys.readouterr().err
    run("none.csv", trained, "--out", "/proc/new.csv", expect=2)
    assert "/proc cannot be written" in capsys.readouterr().err


def test_a_model_or_bars_that_are_not_there_are_reported(data, trained, tmp_path, capsys):
    run(data, tmp_path / "none", expect=2)
    assert "is not a folder" in capsys.readouterr().err
    run(tmp_path / "none.csv", trained, expect=2)
    assert "no file" in capsys.readouterr().err
