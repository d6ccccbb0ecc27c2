"""Everything this project ships, tried by the same checks: nothing may be found."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import joblib
import pandas as pd

from benchmarks.leaks.tried import CUTS, STRATEGY_BARS
from bt_fusion import Ensemble, SignalModel, indicators, strategies
from bt_fusion.audit import StrategyAudit, audit, audit_indicator
from bt_fusion.data.bars import BarArrays
from bt_fusion.ensemble.members.registry import MEMBERS, missing_libraries
from bt_fusion.errors import BtFusionError
from bt_fusion.features import FeatureSet
from bt_fusion.features.registry import REGISTRY
from bt_fusion.labels.registry import LABELS
from bt_fusion.models.causality import check_causality
from bt_fusion.models.causality.known_rows import check_known_rows
from bt_fusion.models.causality.members import check_member
from bt_fusion.models.causality.tried_bars import TriedBars
from bt_fusion.models.presets import PRESETS, make_preset
from bt_fusion.strategies import (
    CryptoScalping,
    FusionStrategy,
    HybridScoring,
    ManagedStrategy,
    SignalDiscovery,
)
from bt_fusion.trade_models.managed_model import ManagedModel

__all__ = ["Shipped", "shipped_parts", "try_shipped"]

SOME = ("wick_balance", "return_1", "rsi", "volume_change")  # features of quick models
INSIDE_STRATEGIES = (
    *("MLEnsemble", "FusedSignal", "BarLines", "DiscoverySignal", "HybridScore"),
    *("PositionAdvice", "StopDistance"),
)
TRADED = (FusionStrategy, SignalDiscovery, HybridScoring, CryptoScalping, ManagedStrategy)

Check = Callable[[pd.DataFrame, int], str]


@dataclass
class Shipped:
    """What was tried and what was found, which should be nothing."""

    parts: int
    tried: int = 0
    findings: list[str] = field(default_factory=list)


def try_shipped(sets: Sequence[tuple[str, int, pd.DataFrame]], jobs: int = 1) -> Shipped:
    """Try each part on all sets of bars."""
    names = [name for name, _ in shipped_parts()]
    calls = (joblib.delayed(try_part)(name, sets) for name in names)
    found = Shipped(len(names))
    for said in joblib.Parallel(n_jobs=jobs)(calls):
        found.tried += len(said)
        found.findings += [each for each in said if each]
    return found


def try_part(name: str, sets: Sequence[tuple[str, int, pd.DataFrame]]) -> list[str]:
    """Return what is found on each set of bars, empty for nothing."""
    check = dict(shipped_parts())[name]
    said = []
    for place, seed, bars in sets:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = check(bars, seed)
        said.append(f"{name} on {place}, seed {seed}: {found}" if found else "")
    return said


def shipped_parts() -> Iterator[tuple[str, Check]]:
    """Yield the name and check of each part."""
    for entry in dict.fromkeys(REGISTRY.values()):
        if entry.family != "user":
            yield f"feature {', '.join(entry.names)}", partial(of_features, list(entry.names))
    for name, label in LABELS.items():
        yield f"label {name}", partial(of_label, label)
    for name in MEMBERS:
        if not missing_libraries(name):
            yield f"member {name}", partial(of_members, member_model(name))
    for name in PRESETS:
        yield f"preset {name}", partial(of_preset, name)
    for name in indicators.__all__:
        if name[0].isupper() and name not in INSIDE_STRATEGIES:
            yield f"indicator {name}", partial(of_indicator, getattr(indicators, name))
    for strategy in TRADED:
        for ml in (False, True):
            yield f"strategy {strategy.__name__}, ml {ml}", partial(of_strategy, strategy, ml)
    yield "strategy with_ml", of_filtered


def member_model(name: str) -> SignalModel:
    """Return a model of one member."""
    return SignalModel("fusion", ensemble=Ensemble([name]))


def of_features(names: list[str], bars: pd.DataFrame, seed: int) -> str:
    """Check features of one function."""
    return raised(lambda: check_causality(names, bars))


def of_label(label: Callable, bars: pd.DataFrame, seed: int) -> str:
    """Check a label."""
    return raised(lambda: check_causality(None, bars, label()))


def of_members(model: SignalModel, bars: pd.DataFrame, seed: int) -> str:
    """Check the members of a model as those of a user's are."""
    tried = TriedBars(BarArrays.of(bars))
    given = (model.feature_set(), model.label(), tried)
    said = [
        raised(partial(check, name, made, *given))
        for name, made in model.new_ensemble().make_members().items()
        for check in (check_member, check_known_rows)
    ]
    return "; ".join(filter(None, said))


def of_preset(name: str, bars: pd.DataFrame, seed: int) -> str:
    """Check the features, the label and the members of a preset."""
    model = make_preset(name, seed)
    names = FeatureSet(model.features).names
    said = raised(lambda: check_causality(names, bars, model.label()))
    return said or of_members(model, bars, seed)


def of_indicator(indicator: type, bars: pd.DataFrame, seed: int) -> str:
    """Audit an indicator."""
    return told(audit_indicator(indicator, bars[:STRATEGY_BARS], cuts=CUTS, seed=seed))


def of_strategy(strategy: type, ml: bool, bars: pd.DataFrame, seed: int) -> str:
    """Audit a strategy, with a model that was fitted on bars before."""
    traded = bars[-STRATEGY_BARS:]
    params = {"ml": ml, **({"log_entries": False} if issubclass(strategy, HybridScoring) else {})}
    if ml:
        params["model"] = quick_model(strategy).fit(bars[:-STRATEGY_BARS])
    return told(audit(strategy, traded, params, cuts=CUTS, seed=seed))


def quick_model(strategy: type) -> SignalModel:
    """Return a model that a strategy can trade."""
    if strategy is ManagedStrategy:
        return ManagedModel("fusion", ensemble=Ensemble(["lr"]), min_trades=20)
    presets = {SignalDiscovery: "discovery", HybridScoring: "hybrid", CryptoScalping: "hybrid"}
    label = make_preset(presets.get(strategy, "signal")).label()
    return SignalModel("fusion", label, Ensemble(["lr"]))


def of_filtered(bars: pd.DataFrame, seed: int) -> str:
    """Audit a strategy of a user's whose entries a model filters."""
    from benchmarks.leaks.cases.strategies_honest import PlainCrossing

    model = SignalModel("fusion", ensemble=Ensemble(["lr"])).fit(bars[:-STRATEGY_BARS])
    params = {"ml_model": model, "ml_threshold": 0.3}
    filtered = strategies.with_ml(PlainCrossing)
    return told(audit(filtered, bars[-STRATEGY_BARS:], params, cuts=CUTS, seed=seed))


def raised(check: Callable[[], object]) -> str:
    """Return the message of an error of ours, empty without one."""
    try:
        check()
    except BtFusionError as error:
        return str(error)
    return ""


def told(found: StrategyAudit) -> str:
    """Return the findings of an audit."""
    return "; ".join(
        f"{each.kind} {each.where} {each.first} {each.detail}" for each in found.findings
    )
