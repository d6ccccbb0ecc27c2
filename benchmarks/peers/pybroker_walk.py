"""Time PyBroker's walk-forward of LightGBM and an EMA entry; runs in PyBroker's environment."""

import json
import sys
import time

import numpy as np
import pandas as pd
import pybroker
import talib
from lightgbm import LGBMClassifier

HORIZON = 5


def rebased(values):
    """Express a price as a fraction of the close."""
    return lambda data: values(data) / data.close - 1


def log_return(period):
    """Log return over a number of bars."""

    def compute(data):
        values = np.full(len(data.close), np.nan)
        values[period:] = np.log(data.close[period:] / data.close[:-period])
        return values

    return compute


FEATURES = {
    **{f"return_{n}": log_return(n) for n in (1, 2, 3, 5, 10, 20)},
    **{
        f"sma_ratio_{n}": rebased(lambda data, n=n: talib.SMA(data.close, n))
        for n in (5, 10, 20, 50)
    },
    **{f"ema_ratio_{n}": rebased(lambda data, n=n: talib.EMA(data.close, n)) for n in (12, 26)},
    **{f"rsi_{n}": lambda data, n=n: talib.RSI(data.close, n) for n in (7, 14)},
    **{f"volatility_{n}": lambda data, n=n: talib.STDDEV(log_return(1)(data), n) for n in (10, 20)},
    "atr_14": lambda data: talib.ATR(data.high, data.low, data.close, 14) / data.close,
    "adx_14": lambda data: talib.ADX(data.high, data.low, data.close, 14),
    "willr_14": lambda data: talib.WILLR(data.high, data.low, data.close, 14),
    "volume_ratio_20": lambda data: data.volume / talib.SMA(data.volume, 20),
}
EMAS = {f"ema_{n}": lambda data, n=n: talib.EMA(data.close, n) for n in (12, 26)}


def main(columns, windows, parameters):
    """Walk forward twice, a short one to compile first; report the second."""
    known = np.load(columns)
    frame = pd.DataFrame({name: known[name] for name in known.files})
    frame.insert(0, "symbol", "X")
    frame.insert(1, "date", pd.date_range("2019-01-01", periods=len(frame), freq="h"))

    def train(symbol, train_data, test_data):
        ahead = train_data.close.shift(-HORIZON)
        rows = train_data[list(FEATURES)].notna().all(axis=1) & ahead.notna()
        X = train_data.loc[rows, list(FEATURES)]
        model = LGBMClassifier(**parameters).fit(X, (ahead > train_data.close)[rows])
        return model, list(FEATURES)

    def up(model, data):
        return model.predict_proba(data)[:, 1]

    features = [pybroker.indicator(name, compute) for name, compute in FEATURES.items()]
    emas = [pybroker.indicator(name, compute) for name, compute in EMAS.items()]
    direction = pybroker.model("direction", train, indicators=features, predict_fn=up)
    run(frame[:3_000], 2, direction, emas)
    start = time.perf_counter()
    result = run(frame, windows, direction, emas)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "trades": int(result.metrics.trade_count)}


def run(frame, windows, direction, emas):
    """Backtest once."""
    config = pybroker.StrategyConfig(
        initial_cash=100_000,
        fee_mode=pybroker.FeeMode.ORDER_PERCENT,
        fee_amount=0.05,
        enable_fractional_shares=True,
    )
    dates = frame.date.iloc[0], frame.date.iloc[-1]
    strategy = pybroker.Strategy(frame, *dates, config)
    strategy.add_execution(execute, ["X"], indicators=emas, models=[direction])
    return strategy.walkforward(windows=windows, lookahead=HORIZON, train_size=0.5, warmup=60)


def execute(ctx):
    """Enter where the EMAs and the model agree, leave after the horizon."""
    if ctx.long_pos() or ctx.short_pos():
        return
    state = ctx.indicator("ema_12")[-1] - ctx.indicator("ema_26")[-1]
    up = ctx.preds("direction")[-1]
    if state > 0 and up >= 0.6:
        ctx.buy_shares = ctx.calc_target_shares(0.95)
        ctx.hold_bars = HORIZON
    elif state < 0 and up <= 0.4:
        ctx.sell_shares = ctx.calc_target_shares(0.95)
        ctx.hold_bars = HORIZON


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
