"""The signal picture: of a run, and of bars with their predictions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bt_fusion import Predictions, draw_signals
from bt_fusion.data.samples import random_walk
from bt_fusion.errors import BarsError, OptionError
from bt_fusion.report.pictures.canvas import new_figure
from bt_fusion.report.pictures.signal_axes import draw_signal_bars
from bt_fusion.report.pictures.signals import draw_run_signals
from bt_fusion.report.signal_view import SignalView
from bt_fusion.report.signals import SignalBars
from bt_fusion.saved_runs.saved_run import SavedRun

BARS = random_walk(12, seed=2)
UP = [np.nan, 0.5, 0.6, 0.7, 0.45, 0.4, 0.3, 0.59, 0.41, 0.65, 0.5, 0.2]


def predictions(up, *, voting="soft", two_sided=True, classes=(0, 1), votes=None):
    up = np.asarray(up, dtype=float)
    return Predictions(
        index=BARS.index[: len(up)],
        classes=classes,
        two_sided=two_sided,
        votes=np.stack([1 - up, up], axis=1)[:, None] if votes is None else votes,
        members=tuple("abc"[: 1 if votes is None else votes.shape[1]]),
        weights=np.full(1 if votes is None else votes.shape[1], 1.0),
        voting=voting,
        vote_threshold=0.633,
        model=np.zeros(len(up), dtype=np.int64),
        trained_until=np.full(len(up), np.datetime64("2020-01-01", "ns")),
    )


def drawn(given, signal=None, threshold=0.6, bars=BARS):
    figure = new_figure(13, 7)
    draw_signal_bars(figure, SignalBars.of_predictions(bars, given, signal, threshold))
    return figure


def triangles(figure):
    """The bars of each side's triangles, with the price each stands at."""
    top = figure.axes[0]
    return {
        one.get_label(): [tuple(place) for place in one.get_offsets().tolist()]
        for one in top.collections
        if "signal" in one.get_label()
    }


def legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_triangles_stand_at_the_bars_that_reach_the_threshold():
    marks = triangles(drawn(predictions(UP)))
    expected = {
        "long signal (3)": [(at, BARS.low.iloc[at]) for at in (2, 3, 9)],
        "short signal (3)": [(at, BARS.high.iloc[at]) for at in (5, 6, 11)],
    }
    assert marks == expected
    higher = triangles(drawn(predictions(UP), threshold=0.7))
    assert [len(places) for places in higher.values()] == [1, 2]


def test_a_callers_own_signal_is_marked_instead():
    signal = [0, 2, 0, 0, np.nan, 0, 0, -1, 0, 0, 0, 1]
    for given in (signal, np.array(signal), pd.Series(signal, BARS.index)):
        marks = triangles(drawn(predictions(UP), given))
        assert [[at for at, _ in places] for places in marks.values()] == [[1, 11], [7]]


def test_both_probabilities_and_both_thresholds_are_drawn():
    figure = drawn(predictions(UP))
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[1].lines}
    np.testing.assert_allclose(lines["P(up)"], UP)
    np.testing.assert_allclose(lines["P(down)"], 1 - np.array(UP))
    assert list(lines["thresholds 0.6, 0.4"]) == [0.6, 0.6]
    assert [line.get_ydata()[0] for line in figure.axes[1].lines[2:]] == [0.6, 0.4]
    sides = ["long signal (3)", "short signal (3)"]
    shades = ["uptrend", "downtrend", "ranging"]
    assert legend(figure) == [*sides, *shades, "P(up)", "P(down)", "thresholds 0.6, 0.4"]


def test_a_one_sided_label_has_one_line_and_long_triangles():
    figure = drawn(predictions(UP, two_sided=False))
    assert list(triangles(figure)) == ["long signal (3)"]
    assert [line.get_label() for line in figure.axes[1].lines] == ["P(yes)", "threshold 0.6"]


def test_three_classes_have_their_own_names():
    votes = np.tile([0.1, 0.2, 0.7], (12, 1, 1))
    votes[4, 0] = 0.65, 0.2, 0.15
    figure = drawn(predictions(UP, classes=(-1, 0, 1), votes=votes))
    assert list(triangles(figure)) == ["long signal (11)", "short signal (1)"]
    names = [line.get_label() for line in figure.axes[1].lines]
    assert names == ["P(long)", "P(short)", "threshold 0.6"]


def test_a_majority_votes_without_thresholds():
    votes = np.tile([0.9, 0.1], (12, 3, 1))
    votes[:6, 1:] = 0.4, 0.6  # two of three are for up, though the mean is for down
    figure = drawn(predictions(UP, voting="majority", votes=votes))
    assert list(triangles(figure)) == ["long signal (6)", "short signal (6)"]
    assert [line.get_label() for line in figure.axes[1].lines] == ["P(up)", "P(down)"]


def test_regimes_are_shaded_from_end_to_end(run_folder):
    figure = new_figure(13, 7)
    whole = SignalBars.of_run(SavedRun.read(run_folder), "edge")
    draw_signal_bars(figure, whole)
    regime = whole.table.regime.to_numpy()
    stretches = 1 + np.count_nonzero(np.diff(regime))
    for axis in figure.axes:
        assert len(axis.patches) == stretches > 20
        spans = sorted((patch.get_x(), patch.get_width()) for patch in axis.patches)
        assert spans[0][0] == -0.5 and sum(width for _, width in spans) == 800
    colours = {patch.get_facecolor() for patch in figure.axes[0].patches}
    assert len(colours) == 3


def test_a_run_is_drawn_as_far_as_asked(run_folder):
    run = SavedRun.read(run_folder)
    figure = new_figure(13, 7)
    view = SignalView(bars=120, until=run.bars.datetime[399])
    assert draw_run_signals(figure, run, view)
    shown = run.bars[280:400]
    title = figure.axes[0].get_title(loc="left")
    assert title == "120 bars, 2024-01-01 11:20 to 2024-01-01 13:19"
    marks = triangles(figure)
    expected = [np.flatnonzero(shown.fused == side).tolist() for side in (1, -1)]
    assert [[at for at, _ in places] for places in marks.values()] == expected
    assert sum(map(len, expected)) > 5
    both = {
        name: pd.concat([getattr(run, name).assign(symbol=symbol) for symbol in ("A", "B")])
        for name in ("bars", "predictions")
    }
    figure = new_figure(13, 7)
    draw_run_signals(figure, replace(run, **both), SignalView(symbol="B"))
    assert figure.axes[0].get_title(loc="left").startswith("B: 500 bars, ")


def test_a_file_is_written_whole(tmp_path):
    path = draw_signals(tmp_path / "new" / "walk.png", BARS, predictions(UP), title="a walk")
    assert path == tmp_path / "new" / "walk.png"
    assert [each.name for each in path.parent.iterdir()] == ["walk.png"]
    with Image.open(path) as image:
        assert image.size == (1430, 825)
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24)}
    assert {(0, 118, 92), (184, 72, 11)} <= colours  # of both sides


def test_last_shows_the_end_alone(tmp_path):
    def drawn_last(last):
        path = draw_signals(tmp_path / f"{last}.png", BARS, predictions(UP), last=last)
        return path.read_bytes()

    assert drawn_last(3) != drawn_last(12) == drawn_last(500)


@pytest.mark.slow
def test_in_sample_bars_are_marked(tmp_path):
    given = predictions(UP)
    unseen = draw_signals(tmp_path / "unseen.png", BARS, given).read_bytes()
    known = replace(given, trained_until=given.index.to_numpy().astype("datetime64[ns]"))
    seen = draw_signals(tmp_path / "seen.png", BARS, known).read_bytes()
    title = draw_signals(tmp_path / "title.png", BARS, given, title="IN-SAMPLE").read_bytes()
    assert seen == title != unseen


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"signal": [1, 0]}, OptionError, "signal has 2 values for 12 bars; give one for each"),
        ({"threshold": 60}, OptionError, "threshold 60 must be a fraction: 0.6 is 60 %"),
        ({"last": 0}, OptionError, "bars 0 must be a whole number of bars, 1 or more"),
    ],
)
def test_what_cannot_be_drawn_is_said(options, error, message, tmp_path):
    with pytest.raises(error, match=message):
        draw_signals(tmp_path / "x.png", BARS, predictions(UP), **options)
    assert not (tmp_path / "x.png").exists()


def test_bars_without_a_prediction_are_refused(tmp_path):
    message = "no bar from .* has a prediction; give the bars that were predicted"
    with pytest.raises(BarsError, match=message):
        draw_signals(tmp_path / "x.png", BARS, predictions(UP[:4]), last=5)
    with pytest.raises(BarsError, match="bars lack the column"):
        draw_signals(tmp_path / "x.png", BARS[["close"]], predictions(UP))
