"""Rebuild a finished run: its bars and its predictor."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from backtrader import Strategy

from bt_fusion.backtest.summary import data_entry
from bt_fusion.data.sources import load_each, load_markets, of_span, sources
from bt_fusion.engine.account import Account
from bt_fusion.engine.loading import account_of, load_strategy
from bt_fusion.engine.named_code import check_same_code
from bt_fusion.engine.variants import default_params
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.errors import BarsError, BtFusionWarning, OptionError
from bt_fusion.files import plain
from bt_fusion.labels import LABELS, Label
from bt_fusion.models.agreement import DEFAULT_THRESHOLD
from bt_fusion.models.model_spec import ModelSpec
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.saved_models import model_folders
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.plugins import changed_files, load_plugin, loaded_plugins
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.strategies import FusionStrategy
from bt_fusion.strategies.parameters import canonical
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.why.run_places import RunPlaces
from bt_fusion.why.stored_predictions import StoredPredictions, stored_health

__all__ = ["RebuiltRun"]

BEFORE_2 = {"exit": "horizon", "ml_threshold": 0.60}  # defaults while schema 1 was written
# Parts of a configuration that are by symbol if each symbol has its own saved model
OF_A_MODEL = ("features", "ensemble", "trained_until", "tuning_trials")


@dataclass(frozen=True, eq=False)
class RebuiltRun:
    """A backtest rebuilt from its folder.

    Attributes
    ----------
    saved : SavedRun
        With its predictions.
    given_strategy, given_sizer : str, optional
        Replacements for those named in the summary, whose code is run only if unchanged.
    """

    saved: SavedRun
    given_strategy: str | None = None
    given_sizer: str | None = None

    @property
    def folder(self) -> Path:
        """Folder of the run."""
        return self.saved.folder

    @property
    def summary(self) -> dict[str, Any]:
        """The content of summary.json."""
        return self.saved.summary

    @cached_property
    def places(self) -> RunPlaces:
        """Current locations of its files."""
        started = self.summary["config"].get("source", {}).get("folder")
        return RunPlaces(self.folder, None if started is None else Path(started))

    @cached_property
    def config(self) -> dict[str, Any]:
        """The configuration that reproduces the run, with the defaults of its time."""
        config = self.summary["config"]
        if self.summary["schema"] > 1:
            return config
        usual, ours = default_params(self.strategy), {"ml_threshold": DEFAULT_THRESHOLD}
        if issubclass(self.strategy, FusionStrategy):  # a user's own `exit` may mean something else
            ours |= {"exit": FusionStrategy.params.exit}
        params = {n: BEFORE_2[n] for n, value in ours.items() if usual.get(n) == value}
        return config | {"params": params | canonical(self.strategy, config["params"])}

    def config_of(self, symbol: str) -> dict[str, Any]:
        """The configuration of a symbol, which may have its own model."""
        if not isinstance(self.config.get("trained_until"), dict):
            return self.config
        return self.config | {name: self.config[name][symbol] for name in OF_A_MODEL}

    @property
    def strategy(self) -> type[Strategy]:
        """The class of its strategy.

        Raises
        ------
        OptionError
            If it cannot be found, or its file has changed.
        """
        named = self.summary["config"]["strategy"]
        name = self.given_strategy or self.places.code(named)
        with self.places.importing(name):
            if self.given_strategy is None:
                check_same_code(named, self.digests, "--strategy", name)
            return found_again(name)

    @property
    def account(self) -> Account:
        """The account of its summary.

        Raises
        ------
        OptionError
            If the file of its sizer has changed, or the sizer was a class given in Python.
        """
        known, sizer = self.config["account"], self.config.get("source", {}).get("sizer")
        if self.given_sizer is None and sizer is None and known.get("sizer"):
            raise OptionError(
                f"the run's sizer, {known['sizer']}, was given as a class in Python; give --sizer "
                "with its file, file.py:Class"
            )
        place = None if sizer is None else self.places.code(sizer)
        chosen = self.given_sizer or place or str(known["share"])
        with self.places.importing(chosen):
            if self.given_sizer is None and sizer is not None:
                check_same_code(sizer, self.digests, "--sizer", place)
            return account_of(known["cash"], known["commission"], known["slippage"], chosen)

    @property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of each user file, by its name in the summary."""
        return self.summary["config"].get("code_sha256", {})

    @property
    def label(self) -> Label:
        """The label of its model.

        Raises
        ------
        OptionError
            If its class is not registered.
        """
        name, parameters = self.config["label"], self.config["label_parameters"]
        kinds = [kind for kind in LABELS.values() if getattr(kind, "__name__", None) == name]
        if not kinds:
            raise OptionError(
                f"the run's label {name} is not known here; register it with @label(name) in a "
                "file, and give that file with --plugin"
            )
        return kinds[0](**parameters)

    @property
    def symbols(self) -> dict[str, dict[str, Any]]:
        """The summary's data and window entries of each symbol."""
        return self.summary.get("symbols") or {self.summary["data"]["name"]: self.summary}

    def load_plugins(self) -> None:
        """Load the plug-ins of the run, which register features, label and members.

        If a file of the same name is already loaded, the plug-in may have moved.

        Raises
        ------
        OptionError
            If one has changed.
        """
        here = {Path(path).name for path in loaded_plugins()}
        for path in self.config.get("source", {}).get("plugins", ()):
            if Path(path).name not in here:
                place = self.places.file(path)
                check_same_code(path, self.digests, "--plugin", place)
                load_plugin(place)
        if self.changed_plugins:
            warnings.warn(
                f"plug-in {', '.join(self.changed_plugins)} has changed since the run: what is "
                "made again is made by the changed one",
                BtFusionWarning,
                stacklevel=3,
            )

    @property
    def changed_plugins(self) -> list[str]:
        """Plug-ins needed by the model that have changed since the run."""
        return changed_files(self.config.get("plugins", {}))

    def bars(self, data: Sequence[str] = ()) -> dict[str, pd.DataFrame]:
        """Load the bars of each symbol, from their origin or from `data`.

        Parameters
        ----------
        data : sequence of str
            As on the command line: a file or sample, SYMBOL=PATH for each of several.

        Raises
        ------
        BarsError
            If they are not exactly the same any more.
        """
        source = self.config.get("source", {})
        places = sources(data) if data else source.get("data")
        if places is None:
            raise OptionError(f"{self.folder} does not say where its bars came from; give --data")
        given = {"": places} if isinstance(places, str) else places
        if not data:
            given = {symbol: self.places.bars(place) for symbol, place in given.items()}
        if len(self.symbols) > 1 and set(given) != set(self.symbols):
            named, needed = ", ".join(given), ", ".join(self.symbols)
            raise OptionError(f"data is given for {named or 'no symbol'}; the run had {needed}")
        seed, repair = self.config["seed"], source.get("repair", False)
        given = {name: self._source_of_bars(name, place) for name, place in given.items()}
        try:
            loaded = load_each(given, seed, repair, say=lambda line: None)
        except BarsError as error:
            hint = "" if data else "; the run was made of it: give --data, where it is now"
            raise BarsError(f"{error}{hint}") from error
        found = dict(zip(self.symbols, loaded.values(), strict=True))
        if len(found) > 1:
            found = {symbol: loaded[symbol] for symbol in self.symbols}
        for symbol, bars in found.items():
            check_same(symbol, bars, self.symbols[symbol]["data"])
        return found

    def others(self) -> dict[str, pd.DataFrame]:
        """Load the bars of the other markets used by the model.

        Raises
        ------
        BarsError
            If they are not the same any more.
        """
        known, config = self.config.get("source", {}).get("others", {}), self.config
        then = config.get("others", {})
        if then.keys() - known.keys():
            raise OptionError(f"{self.folder} does not say where the bars of {[*then]} came from")
        repair = config.get("source", {}).get("repair", False)
        places = {
            name: of_span(
                self.places.bars(known[name]), *(pd.Timestamp(own[end]) for end in ("start", "end"))
            )
            for name, own in then.items()
        }
        loaded = load_markets(places, config["seed"], repair, say=lambda line: None)
        for name in then:
            check_same(name, loaded[name], then[name])
        return loaded

    def _source_of_bars(self, symbol: str, place: str) -> str:
        """Return the source of the bars; online sources with the run's time span."""
        whole = len(self.symbols) == 1
        data = next(iter(self.symbols.values()))["data"] if whole else self.symbols[symbol]["data"]
        return of_span(place, pd.Timestamp(data["start"]), pd.Timestamp(data["end"]))

    def predictor(self, symbol: str) -> WalkForward | SignalModel:
        """Return the unfitted walk-forward of a symbol, or the saved model.

        Raises
        ------
        OptionError
            If members were given as objects, or the saved model has changed.
        """
        config = self.config_of(symbol)
        if "trained_until" in config:
            return self._saved_model(symbol)
        ensemble = dict(config["ensemble"])
        if isinstance(ensemble["members"], dict) and not {*ensemble["members"].values()} <= {
            *MEMBERS
        }:
            ensemble["members"] = self._members()
        model = SignalModel(
            config["features"], self.label, Ensemble(**ensemble), others=self.others()
        )
        if "managed" in config:
            model = ManagedModel.of_options(model, config["managed"])
        return WalkForward(
            model,
            of_symbol(config["train_bars"], symbol),
            of_symbol(config["refit_bars"], symbol),
            window=config["window"],
            embargo_bars=config["embargo_bars"],
            cache=None,
        )

    def stored(self, symbol: str) -> pd.DataFrame:
        """Return a symbol's rows of predictions.parquet."""
        return self.saved.of_symbol(self.saved.predictions, symbol)

    def predictions(self, symbol: str, bars: pd.DataFrame) -> Predictions:
        """Return the stored predictions; for a managed model its plan, recomputed on all bars."""
        if "managed" in self.config:
            predictor = self.predictor(symbol)
            if isinstance(predictor, WalkForward):
                predictor.set_params(cache="auto")
            stored = self.stored(symbol)
            plan = predictor.predict(bars).at(pd.DatetimeIndex(stored.datetime).to_numpy())
            return replace(plan, health=stored_health(stored))
        ensemble = self.config_of(symbol)["ensemble"]
        return StoredPredictions.of(self.stored(symbol), self.label, ensemble)

    def _saved_model(self, symbol: str) -> SignalModel:
        named = self.places.model(self.config.get("source", {}).get("model"))
        if isinstance(named, str):
            named = model_folders([named], self.config["strategy"])
        if named is None:
            raise OptionError(f"{self.folder} does not say which saved model predicted")
        folder = of_symbol(named, symbol)
        model = SignalModel.load(folder, others=self.others())
        then = self.config_of(symbol)["trained_until"]
        now = pd.Timestamp(model.trained_until_).isoformat()
        if then != now:
            raise OptionError(
                f"model {folder} was trained until {now}, the one of the run until {then}: it has "
                "been replaced; run again"
            )
        return model

    def _members(self) -> Any:
        """Return the members of a preset or a recipe, which a summary cannot store."""
        source, stored = self.config.get("source", {}), self.config["ensemble"]["members"]
        preset, recipe = source.get("preset"), source.get("recipe")
        if preset is None and recipe is None:
            raise OptionError(
                f"the members {', '.join(stored)} were given as objects, which a summary does not "
                "hold: save the model and run with it, or name a preset or a recipe"
            )
        place = self.places.model(recipe)
        spec = ModelSpec(preset, place, members=source.get("members"), seed=self.config["seed"])
        members = spec.build().new_ensemble().members
        if recipe is not None and plain(members) != stored:
            raise OptionError(
                f"the saved model {recipe} has other members now than the recipe of the run: it "
                "has been replaced; run again"
            )
        return members


def found_again(name: str) -> type[Strategy]:
    """Return the strategy class named in a summary."""
    try:
        return load_strategy(name)
    except OptionError as error:
        raise OptionError(
            f"the strategy of the run, {name}, cannot be found again: {error}. A class given in "
            "Python must stand in a module or a file that is still there, not in a function"
        ) from error


def of_symbol(value: Any, symbol: str) -> Any:
    """Return the value of a symbol if values are by symbol, else the value."""
    return value[symbol] if isinstance(value, dict) else value


def check_same(symbol: str, bars: pd.DataFrame, then: dict[str, Any]) -> None:
    """Raise BarsError if bars differ from a summary's description."""
    now = data_entry(bars, symbol)
    if now["sha256"] != then["sha256"]:
        raise BarsError(
            f"these are other bars of {symbol} than the run was made of: {now['bars']:,} from "
            f"{now['start']} to {now['end']}, then {then['bars']:,} from {then['start']} to "
            f"{then['end']} (SHA-256 {now['sha256'][:8]}.. and {then['sha256'][:8]}..); "
            "give the file of that day by --data, or run again"
        )
