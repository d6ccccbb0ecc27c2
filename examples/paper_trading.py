"""Trade a saved model on paper as bars arrive: recorded ones, or the candles of an exchange.

    python examples/paper_trading.py --model models/btc --data candles.csv --known 5000
    python examples/paper_trading.py --model models/btc --data binance:BTC/USDT:1h@2024-01-01

Orders go to Backtrader's own broker: nothing is bought. Ended and started again, it trades the
history once more and is in the state it had; Ctrl-C ends it with the account's last line.
"""

import argparse

import backtrader as bt

from bt_fusion import read_bars
from bt_fusion.data.online.market import is_market
from bt_fusion.indicators import MLEnsemble
from bt_fusion.live import LiveData, PolledMarket, ReplayedBars


class PaperTrading(bt.Strategy):
    """EMA cross that ML must agree with; long only, one position, a stop of two ATR."""

    params = (("model", None), ("fast", 12), ("slow", 26), ("risk", 0.01))

    def __init__(self):
        self.ml = MLEnsemble(self.data, model=self.p.model, on_missing="raise")
        self.cross = bt.ind.CrossOver(
            bt.ind.EMA(period=self.p.fast), bt.ind.EMA(period=self.p.slow)
        )
        self.atr = bt.ind.ATR(period=14)
        self.live, self.stop_price = False, None

    def notify_data(self, data, status, *args, **kwargs):
        self.live = status == data.LIVE

    def notify_order(self, order):
        if order.status == order.Completed and self.live:
            side = "bought" if order.isbuy() else "sold"
            print(
                f"           {side} {abs(order.executed.size):.6g} at {order.executed.price:,.2f}"
            )

    def next(self):
        close, probability = self.data.close[0], self.ml.probability[0]
        if self.live:
            worth = self.broker.getvalue()
            time = bt.num2date(self.data.datetime[0])
            print(
                f"{time:%Y-%m-%d %H:%M}  close {close:,.2f}  P(up) {probability:.3f}  {worth:,.2f}"
            )
        if not self.position:
            if self.cross > 0 and probability >= self.ml.threshold(1):
                distance = 2 * self.atr[0]
                self.stop_price = close - distance
                self.buy(size=self.p.risk * self.broker.getvalue() / distance)
        elif self.cross < 0 or close < self.stop_price:
            self.close()


def source_of(data: str, known: int):
    """Return where bars come from: a market, or a file of which so many are known at the start."""
    return PolledMarket(data) if is_market(data) else ReplayedBars(read_bars(data), known)


def main() -> None:
    """Run until the bars end, or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="folder of a saved model")
    parser.add_argument("--data", required=True, help="file of bars, or a market")
    parser.add_argument("--known", type=int, default=0, help="bars of a file known at the start")
    parser.add_argument("--cash", type=float, default=10_000.0)
    given = parser.parse_args()
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.set_cash(given.cash)
    cerebro.broker.setcommission(commission=0.001)
    cerebro.adddata(LiveData(dataname=source_of(given.data, given.known)))
    cerebro.addstrategy(PaperTrading, model=given.model)
    cerebro.run()
    print(f"Account    {cerebro.broker.getvalue():,.2f}, {given.cash:,.2f} at the start")


if __name__ == "__main__":
    main()
