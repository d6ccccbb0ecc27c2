"""Every parameter of a run's strategy and members, given or default, for summary.json."""

from collections.abc import Mapping
from typing import Any

from backtrader import Strategy

from bt_fusion.engine.variants import MODELS, SWITCHES, always_uses_ml, exit_params, ml_class
from bt_fusion.labels import trade_exits
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.strategies.parameters import canonical

__all__ = ["add_parameters"]

LEFT_OUT = {*SWITCHES, *MODELS, "log_entries"}  # differs between the runs, or only affects printing
PLAIN = (str, int, float, bool, type(None))


def add_parameters(
    summary: dict[str, Any],
    strategy: type[Strategy],
    params: Mapping[str, Any],
    model: SignalModel,
) -> None:
    """Add `parameters` to a summary: of the strategy with ML, and of each member of the ensemble.

    The configuration holds the given parameters; these are the ones used.
    """
    kind = strategy if always_uses_ml(strategy) else ml_class(strategy)
    exits = exit_params(strategy, trade_exits(model.label()), params)
    used = dict(kind.params._getitems()) | exits | canonical(kind, params)
    members = model.new_ensemble().make_members()
    summary["parameters"] = {
        "strategy": shown({name: used[name] for name in used if name not in LEFT_OUT}),
        "members": {
            name: {
                key: value for key, value in shown(made.get_params()).items() if value is not None
            }
            for name, made in members.items()
        },
    }


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values unchanged and others as text; objects inside objects are left out.

    >>> shown({"stop": None, "levels": (1, 2), "step": object(), "kind": int})
    {'stop': None, 'levels': [1, 2], 'kind': 'int'}
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, PLAIN):
            found[name] = value
        elif isinstance(value, list | tuple) and all(isinstance(each, PLAIN) for each in value):
            found[name] = list(value)
        elif isinstance(value, type):
            found[name] = value.__name__
    return found
