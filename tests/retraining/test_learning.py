"""The window a new model learns from, and that the recipe is the old one's."""

import pytest

from bt_fusion import BarsError, SignalModel, make_preset
from bt_fusion.data.bars import BarArrays
from bt_fusion.retraining.learning import Window, learn_again
from tests.retraining.conftest import TRAINED


def test_as_many_rows_as_the_old_model_learnt_from(bars, trained):
    window = Window.of(trained, BarArrays.of(bars), 400)
    assert window.bars.time[window.cut] == bars.index[-400]
    # the rows end a horizon before the cut; features need 5 bars before the first one
    assert window.cut - window.first == trained.n_rows_ + 5
    assert window.first >= 5
    new, comparison = learn_again(trained, window)
    assert new.n_rows_ == trained.n_rows_ == TRAINED - 10
    assert new.trained_until_ == bars.index[-401] and comparison.rows == 395
    assert new.trained_from_ == bars.index[5_000 - 400 - 5 - trained.n_rows_]


def test_the_same_window_gives_the_same_model(bars, trained):
    """Bars before the window warm up the features and change nothing else."""
    new, _ = learn_again(trained, Window.of(trained, BarArrays.of(bars), 400))
    by_hand = SignalModel(["wick_balance", "return_5"], ensemble=trained.new_ensemble())
    by_hand.fit(bars[:-400], start=len(bars) - 400 - 5 - trained.n_rows_)
    again = by_hand.predict(bars).proba[-400:]
    assert new.predict(bars).proba[-400:] == pytest.approx(again, abs=1e-12)


def test_train_bars_are_those_before_the_cut(bars, trained):
    window = Window.of(trained, BarArrays.of(bars), 400, train_bars=800)
    new, _ = learn_again(trained, window)
    assert window.cut - window.first == 800 and new.n_rows_ == 795


@pytest.mark.parametrize(
    ("train_bars", "counts"),
    [(None, "1,090 rows .* the model learnt from 1,740"), (1_200, "1,100 rows .* for 1,200")],
)
def test_too_few_rows_say_so(bars, trained, train_bars, counts):
    arrays = BarArrays.of(bars[1_500:3_000])
    with pytest.raises(BarsError, match=f"{counts}: give bars of earlier days"):
        Window.of(trained, arrays, 400, train_bars)


LONG = [pytest.param(name, marks=pytest.mark.slow) for name in ("generator", "signal", "managed")]


@pytest.mark.parametrize("name", ["fusion", "discovery", *LONG])
def test_every_preset_is_fitted_again_as_it_was(name, bars, tmp_path):
    model = make_preset(name, seed=5)
    smaller(model)
    model.fit(bars[:1_500]).save(tmp_path / "model")
    old = SignalModel.load(tmp_path / "model")
    new, comparison = learn_again(old, Window.of(old, BarArrays.of(bars[:2_400]), 500))
    assert type(new) is type(old) and new.label() == old.label()
    assert new.feature_set().names == old.feature_set().names
    was, now = model.new_ensemble(), new.new_ensemble()
    assert now.get_params(deep=False).keys() == was.get_params(deep=False).keys()
    assert {k: str(v) for k, v in now.get_params(deep=False).items()} == {
        k: str(v) for k, v in old.new_ensemble().get_params(deep=False).items()
    }
    assert now.seed == 5 and now.voting == was.voting and now.calibration == was.calibration
    assert comparison.rows >= 450 and new.trained_until_ <= bars.index[1_899]


def smaller(model):
    """Let trees be few: the recipe must come back as it is, whatever it is."""
    members = model.ensemble.members
    for made in members.values() if isinstance(members, dict) else ():
        for key in made.get_params():
            if key.endswith("n_estimators"):
                made.set_params(**{key: 11})
