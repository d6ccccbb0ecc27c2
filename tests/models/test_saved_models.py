"""The saved models --model names: one, one for each symbol, or what stands in models/."""

import pytest

from bt_fusion import Ensemble, OptionError, SignalModel, load_sample
from bt_fusion.models.saved_models import load_models, model_folders


def test_one_folder_or_one_each():
    assert model_folders([], "fusion") is None
    assert model_folders(["models/mine"], "fusion") == "models/mine"
    assert model_folders(["BTC/USDT=models/btc"], "fusion") == {"BTC/USDT": "models/btc"}
    pairs = ["A=models/a", "B=models/b=2"]
    assert model_folders(pairs, "fusion") == {"A": "models/a", "B": "models/b=2"}


def test_a_folder_may_have_an_equals_sign_in_its_name(tmp_path):
    folder = tmp_path / "horizon=5"
    folder.mkdir()
    assert model_folders([str(folder)], "fusion") == str(folder)


def test_auto_is_the_strategys_folder_where_it_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert model_folders(["auto"], "hybrid") is None
    (tmp_path / "models" / "hybrid").mkdir(parents=True)
    assert model_folders(["auto"], "hybrid") == "models/hybrid"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["a", "b"], "model 'a' is one of 2 and has no symbol; name each: --model BTC=models/btc"),
        (["A=a", "b"], "model 'b' is one of 2 and has no symbol"),
        (["A=a", "A=b"], "symbol 'A' is given twice; name each once: --model BTC=models/btc"),
        (["=a"], "model '=a' is not SYMBOL=DIR"),
        (["A="], "model 'A=' is not SYMBOL=DIR"),
    ],
)
def test_what_cannot_be_is_reported(given, message):
    with pytest.raises(OptionError, match=message):
        model_folders(given, "fusion")


def test_models_are_loaded_by_symbol(tmp_path):
    bars = load_sample("planted-edge:300")
    for name in ("gap", "body_share"):
        SignalModel([name], ensemble=Ensemble(["lr"])).fit(bars).save(tmp_path / name)
    found = load_models({"A": str(tmp_path / "gap"), "B": str(tmp_path / "body_share")})
    assert {symbol: model.features for symbol, model in found.items()} == {
        "A": ("gap",),
        "B": ("body_share",),
    }
    assert load_models(str(tmp_path / "gap")).features == ("gap",)
