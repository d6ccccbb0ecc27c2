// The threshold of each bar beside the probability of the likelier side, in the window of the candles.

// Of both sides the greater mean, and the greatest value.
function likelierSide({ up, short }, groups) {
  const sides = [up, short].map((side) => groupValues(side.mean, groups, side.low, side.high));
  const greater = (key) => sides[0][key].map((value, k) => (value === null ? null : Math.max(value, sides[1][key][k] ?? value)));
  return { mean: greater("mean"), high: greater("high") };
}

function thresholdChart(place, data, symbols) {
  const draw = () => {
    const range = timeline.range, bars = finest(symbols.bars(), range);
    if (!bars.least) return Plotly.react(place, [], layoutOf({}), configOf());
    const groups = grouping(bars.time, range, 1200), x = groupCandles(bars, groups).x;
    const least = groupValues(bars.least.mean, groups, bars.least.low, bars.least.high);
    const side = likelierSide(bars, groups), base = { type: "scatter", mode: "lines", x };
    return Plotly.react(place, [
      { ...base, y: side.mean, line: { width: 0 }, hoverinfo: "skip", showlegend: false },
      { ...base, y: side.high, name: "likelier side, highest", fill: "tonexty", fillcolor: faded("on", 0.22), line: { color: colour("on"), width: 1 }, hovertemplate: "highest probability %{y:.3f}<extra></extra>" },
      { ...base, y: least.mean, name: "threshold", line: { color: colour("ink"), width: 1.6 }, hovertemplate: "threshold %{y:.3f}<extra></extra>" },
    ], layoutOf({
      showlegend: true, dragmode: coarse.matches ? false : "zoom", hovermode: "x unified", xaxis: axis({ type: "date", range: [...range] }),
      yaxis: axis({ title: titled("probability"), tickformat: ".2~f", fixedrange: true }), margin: { l: narrow.matches ? 46 : 60, r: 12, t: 30, b: 30 },
    }), configOf());
  };
  symbols.listeners.push(draw);
  return { draw, follows: true };
}
