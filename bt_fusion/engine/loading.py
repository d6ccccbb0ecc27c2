"""Load strategies and sizers by name: our own, from a module, or from a user's file."""

import ast
import importlib
import importlib.util
import sys
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import backtrader as bt

from bt_fusion.engine.account import Account
from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.module_sources import file_of, module_of, users_own
from bt_fusion.sent_code import SentFile
from bt_fusion.strategies import FusionStrategy, HybridScoring, ManagedStrategy, SignalDiscovery
from bt_fusion.user_code import importable, load_file, load_module, module_name, run_once

__all__ = [
    "STRATEGIES",
    "ClassSource",
    "account_of",
    "load_indicator",
    "load_sizer",
    "load_strategy",
    "strategy_name",
    "system_of",
    "why_here",
]


def load_strategy(strategy: str | type[bt.Strategy]) -> type[bt.Strategy]:
    """Return a strategy class.

    Parameters
    ----------
    strategy : str or class
        A name of `STRATEGIES`, ``module:Class``, ``file.py:Class``, or a class. A file is run like
        an import, so code that starts a backtest belongs under ``if __name__ == "__main__":``. For
        a class made by `with_ml`, the plain class is returned.

    Raises
    ------
    OptionError
        For a missing name, file, module or class, or if it is not a strategy.
    StrategyError
        For an error inside the file, with its line.

    Examples
    --------
    >>> load_strategy("fusion").__name__
    'FusionStrategy'
    >>> load_strategy("backtrader.strategies:MA_CrossOver").__name__
    'MA_CrossOver'
    """
    if isinstance(strategy, str):
        return named_strategy(strategy)
    if not (isinstance(strategy, type) and issubclass(strategy, bt.Strategy)):
        raise OptionError(
            f"strategy {strategy!r} is neither a name nor a class that derives from bt.Strategy"
        )
    return getattr(strategy, "unfiltered", strategy)


def named_strategy(text: str) -> type[bt.Strategy]:
    """Return the strategy class with a name."""
    text = OTHER_NAMES.get(text, text)
    if text in STRATEGIES:
        return STRATEGIES[text]
    if ":" not in text and not text.endswith(".py"):
        raise unknown_name("strategy", text, STRATEGIES)
    found = load_class(text, bt.Strategy, "strategy")
    return getattr(found, "unfiltered", found)


def strategy_name(strategy: str | type[bt.Strategy]) -> str:
    """Return the text by which `load_strategy` can load a strategy.

    A name in `STRATEGIES`; ``file.py:Class`` for a class from a user's file; else ``module:Class``,
    which cannot be loaded if the class was defined inside a function or in a session.

    >>> strategy_name(FusionStrategy), strategy_name("backtrader.strategies:MA_CrossOver")
    ('fusion', 'backtrader.strategies:MA_CrossOver')
    """
    if isinstance(strategy, str):
        return strategy
    found = load_strategy(strategy)
    for name, known in STRATEGIES.items():
        if found is known:
            return name
    file = file_of(found).resolve()
    ran = file.is_file() and found.__module__ in ("__main__", module_name(file))
    return f"{file if ran else found.__module__}:{found.__qualname__}"


def system_of(strategy: type[bt.Strategy]) -> str | None:
    """Return the name of our strategy that a class is or derives from, or None.

    >>> system_of(FusionStrategy), system_of(bt.Strategy)
    ('fusion', None)
    """
    return next((name for name, ours in STRATEGIES.items() if issubclass(strategy, ours)), None)


def load_sizer(text: str) -> type[bt.Sizer]:
    """Return the sizer class of ``module:Class`` or ``file.py:Class``; raises as above.

    >>> load_sizer("backtrader.sizers:PercentSizer").__name__
    'PercentSizer'
    """
    if ":" not in text and not text.endswith(".py"):
        raise OptionError(
            f"sizer {text!r} is neither a share of the account such as 0.95 nor module:Class nor "
            "file.py:Class"
        )
    return load_class(text, bt.Sizer, "sizer")


def load_indicator(text: str) -> type[bt.Indicator]:
    """Return the indicator class of ``module:Class`` or ``file.py:Class``; raises as above.

    >>> load_indicator("backtrader.indicators:MACD").__name__
    'MACD'
    """
    if ":" not in text and not text.endswith(".py"):
        raise OptionError(f"indicator {text!r} is neither module:Class nor file.py:Class")
    return load_class(text, bt.Indicator, "indicator")


def load_class(text: str, base: type, kind: str) -> type:
    """Return the class with a name; it must derive from `base`."""
    source, name = (text, "") if text.endswith(".py") else text.rsplit(":", 1)
    module = run_once(Path(source)) if source.endswith(".py") else load_module(source)
    try:
        found = attrgetter(name)(module)
    except AttributeError:
        found = None
    if isinstance(found, type) and issubclass(found, base):
        return found
    known = [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    ]
    if not known:
        raise OptionError(f"{source} has no {kind}: no class derives from bt.{base.__name__}")
    if not name:
        raise OptionError(f"{source} does not say which {kind}; add one of :{', :'.join(known)}")
    raise unknown_name(f"{kind} in {source}", name, known)


STRATEGIES: dict[str, type[bt.Strategy]] = {
    "fusion": FusionStrategy,
    "hybrid": HybridScoring,
    "discovery": SignalDiscovery,
    "managed": ManagedStrategy,
}
OTHER_NAMES = {"CryptoScalping": "hybrid"}


def account_of(cash: float, commission: float, slippage: float, sizer: str) -> Account:
    """Return the account described by the options."""
    try:
        share = float(sizer)
    except ValueError:
        return Account(cash, commission, slippage, sizer=load_sizer(sizer))
    return Account(cash, commission, slippage, share)


def why_here(part: type) -> str:
    """Return why other processes cannot load a class, or "".

    >>> why_here(FusionStrategy)
    ''
    """
    if "<locals>" in part.__qualname__:
        return "is defined inside a function; put it at the top of its file to use all cores"
    if not file_of(part).is_file():
        return "was typed into a session; put it into a file to use all cores"
    if not found_by_name(part):
        return f"is not in {part.__module__} by its name; put it at the top of its file"
    if part.__module__ == "__main__" and not has_main_guard(file_of(part).read_bytes()):
        return (
            "stands in a script that other processes would run as a whole; put what starts a "
            'backtest under `if __name__ == "__main__":` to use all cores'
        )
    return ""


def found_by_name(part: type) -> bool:
    """Return whether a class's module has it under its name."""
    try:
        return attrgetter(part.__qualname__)(module_of(part)) is part
    except AttributeError:
        return False


def has_main_guard(code: str | bytes) -> bool:
    r"""Return whether a script guards its main code from running on import.

    >>> has_main_guard("if __name__ == '__main__':\n    main()"), has_main_guard("main()")
    (True, False)
    """
    try:
        lines = ast.parse(code).body
    except (SyntaxError, ValueError):  # changed since it was run
        return False
    return any(isinstance(each, ast.If) and "__name__" in ast.dump(each.test) for each in lines)


@dataclass(frozen=True)
class ClassSource:
    """A class by its module, its file and its name.

    A class from a user's file cannot be pickled: only the process that ran the file has its module.

    Examples
    --------
    >>> import backtrader as bt
    >>> ClassSource.of(bt.sizers.PercentSizer).load().__name__
    'PercentSizer'
    """

    module: str
    file: SentFile
    name: str

    @classmethod
    def of(cls, part: type) -> "ClassSource":
        """Return the source of a class.

        Raises
        ------
        OptionError
            For a class inside a function, which no other process can load.
        """
        if "<locals>" in part.__qualname__:
            raise OptionError(
                f"class {part.__name__} is defined inside a function, where other processes do not "
                "find it: define it at the top of its file"
            )
        module = module_of(part)
        known = users_own(part) and getattr(module, "__file__", None)
        sent = SentFile.of(module) if module and known else SentFile(str(file_of(part)))
        return cls(part.__module__, sent, part.__qualname__)

    def load(self) -> type:
        """Return the class, importing its module or running its file if needed.

        Raises
        ------
        OptionError
            If the file does not exist any more.
        StrategyError
            For an error inside the file, with its line.
        """
        known = sys.modules.get(self.module)
        if known is not None and self._same(known):
            try:
                return attrgetter(self.name)(known)
            except AttributeError:  # another process's __main__
                pass
        return attrgetter(self.name)(self._import())

    def _same(self, module: ModuleType) -> bool:
        """Return whether a module equals the one sent: a worker may have an older version."""
        sources = self.file.sources
        return not sources or SentFile.of(module).sources == sources

    def _import(self) -> ModuleType:
        file = self.file.here()
        if self.module == "__main__":
            return load_file(file)
        if str(file) == self.file.file:  # the same machine, or a shared disk
            with importable(Path.cwd()):
                try:
                    found = importlib.util.find_spec(self.module)
                except (ModuleNotFoundError, ValueError):  # of its package
                    found = None
            return load_module(self.module) if found else load_file(file)
        if "." not in self.module:
            return load_file(file)
        with importable(self.file.copy()):  # of a package
            sys.modules.pop(self.module, None)
            return importlib.import_module(self.module)
