"""CandlePattern: TA-Lib's candle patterns by name."""

from bt_fusion.indicators.bar_lines import BarLines
from bt_fusion.technical.candle_patterns import LOOKBACK, candle_patterns, pattern_name

__all__ = ["CandlePattern"]


class CandlePattern(BarLines):
    '''
    Bullish and bearish candle patterns that end on a bar, as recognised by TA-Lib.

    Formula:
      - bullish, bearish = 0 none, 1 a one-bar pattern, 2 a multi-bar pattern
      - pattern = position of the strongest one in ``technical.candle_patterns.PATTERNS``, from 1,
        negative when bearish, 0 for none; ``name()`` returns its name

    See:
      - https://ta-lib.org/functions/
      - https://en.wikipedia.org/wiki/Candlestick_pattern

    Params:
      - ``patterns`` (default None): names to look for, such as ``("hammer", "engulfing")``;
        None for all
    '''

    lines = ("bullish", "bearish", "pattern")
    params = (("patterns", None),)
    plotinfo = dict(plotyticks=[0, 1, 2], plotymargin=0.15)
    plotlines = dict(
        bullish=dict(color="tab:green"),
        bearish=dict(color="tab:red"),
        pattern=dict(_plotskip=True),
    )

    def _plotlabel(self):
        return list(self.p.patterns or ["all"])

    def columns(self, bars):
        return candle_patterns(bars, self.p.patterns)

    def memory(self):
        return LOOKBACK

    def name(self, ago=0):
        '''Return the pattern's name, or ''' ''
        return pattern_name(self.lines.pattern[ago])
