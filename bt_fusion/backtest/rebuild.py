"""A finished run again, from its folder: its tables, its bars and what predicted them."""

from dataclasses import dataclass
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion import labels
from bt_fusion.backtest import options as ask
from bt_fusion.backtest.job import described
from bt_fusion.backtest.screen import Screen
from bt_fusion.ensemble import Ensemble
from bt_fusion.errors import BarsError, OptionError
from bt_fusion.labels import Label
from bt_fusion.predictions import Predictions
from bt_fusion.presets import make_preset
from bt_fusion.signal_model import SignalModel
from bt_fusion.walk_forward import WalkForward

__all__ = ["FinishedRun"]

FILES = ("summary.json", "trades.csv", "predictions.parquet")
TIMES = ["entry_time", "exit_time"]


@dataclass(frozen=True, eq=False)
class FinishedRun:
    """What a backtest wrote into its folder.

    Attributes
    ----------
    folder : Path
    summary : dict
        The content of summary.json.
    trades : DataFrame
        trades.csv.
    table : DataFrame
        predictions.parquet.
    """

    folder: Path
    summary: dict[str, Any]
    trades: pd.DataFrame
    table: pd.DataFrame

    @classmethod
    def read(cls, folder: str | Path) -> "FinishedRun":
        """Read a folder.

        Raises
        ------
        OptionError
            When it is not the folder of a finished backtest.
        """
        folder = Path(folder)
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise OptionError(
                f"{folder} is no folder of a backtest: it has no {', '.join(missing)}; give what "
                "--out named"
            )
        try:
            summary = loads((folder / "summary.json").read_text(encoding="utf-8"))
        except (JSONDecodeError, UnicodeDecodeError) as error:
            raise OptionError(f"{folder / 'summary.json'} is no JSON: {error}") from error
        trades = pd.read_csv(folder / "trades.csv", parse_dates=TIMES, keep_default_na=False)
        return cls(folder, summary, trades, pd.read_parquet(folder / "predictions.parquet"))

    def trades_of(self, run: str) -> pd.DataFrame:
        """Return the trades of one run, "on" or "off".

        Raises
        ------
        OptionError
            When that run was not made.
        """
        if self.summary.get(f"ml_{run}") is None:
            raise OptionError(f"{self.folder} holds no run with ML {run}")
        trades = self.trades[self.trades.run == run].reset_index(drop=True)
        trades.index += 1
        return trades

    @property
    def config(self) -> dict[str, Any]:
        """Everything that reproduces the run."""
        return self.summary["config"]

    @property
    def label(self) -> Label:
        """The label of its model."""
        return getattr(labels, self.config["label"])(**self.config["label_parameters"])

    def bars(self, data: str | None = None) -> pd.DataFrame:
        """Load the bars it was made of, from where they came or from `data`.

        Raises
        ------
        BarsError
            When they are not the same any more, to the last digit.
        """
        source = self.config.get("source", {})
        data = data or source.get("data")
        if data is None:
            raise OptionError(f"{self.folder} does not say where its bars came from; give --data")
        quiet = Screen(quiet=True)
        bars, _ = ask.load(data, self.config["seed"], source.get("repair", False), quiet)
        now, then = described(bars, ""), self.summary["data"]
        if now["sha256"] != then["sha256"]:
            raise BarsError(
                f"{data} holds other bars than the run was made of: {now['bars']:,} from "
                f"{now['start']} to {now['end']}, then {then['bars']:,} from "
                f"{then['start']} to {then['end']} (SHA-256 {now['sha256'][:8]}.. and "
                f"{then['sha256'][:8]}..); give the file of that day by --data, or run again"
            )
        return bars

    def predictor(self) -> WalkForward | SignalModel:
        """Return the walk-forward of the run, not fitted, or its saved model.

        Raises
        ------
        OptionError
            When members were given as objects, or the saved model is another one now.
        """
        config = self.config
        if "trained_until" in config:
            return self._saved_model()
        ensemble = dict(config["ensemble"])
        if isinstance(ensemble["members"], dict):
            ensemble["members"] = self._preset().new_ensemble().members
        model = SignalModel(config["features"], self.label, Ensemble(**ensemble))
        return WalkForward(
            model,
            config["train_bars"],
            config["refit_bars"],
            window=config["window"],
            embargo_bars=config["embargo_bars"],
            cache=None,
        )

    def predictions(self) -> Predictions:
        """Return the stored predictions, as those of one member that said what all did."""
        label, table = self.label, self.table
        up, down = table.probability_up.to_numpy(), table.probability_down.to_numpy()
        rest = 1 - up - (down if len(label.classes) == 3 else 0)
        columns = [down, rest, up] if len(label.classes) == 3 else [rest, up]
        return Predictions(
            index=pd.DatetimeIndex(table.datetime),
            classes=label.classes,
            two_sided=label.two_sided,
            votes=np.column_stack(columns)[:, None],
            members=("ensemble",),
            weights=np.ones(1),
            voting="soft",
            vote_threshold=self.config["ensemble"]["vote_threshold"],
            model=table.model.to_numpy(),
            trained_until=table.trained_until.to_numpy(),
        )

    def _saved_model(self) -> SignalModel:
        named = self.config.get("source", {}).get("model")
        model = ask.saved_model(named, self.config["strategy"])
        if model is None:
            raise OptionError(f"{self.folder} does not say which saved model predicted")
        then, now = self.config["trained_until"], pd.Timestamp(model.trained_until_).isoformat()
        if then != now:
            raise OptionError(
                f"model {named} was trained until {now}, the one of the run until {then}: it has "
                "been replaced; run again"
            )
        return model

    def _preset(self) -> SignalModel:
        name = self.config.get("source", {}).get("preset")
        if name is None:
            members = ", ".join(self.config["ensemble"]["members"])
            raise OptionError(
                f"the members {members} were given as objects, which a summary does not hold: "
                "save the model and run with it, or name a preset"
            )
        return make_preset(name, self.config["seed"])
