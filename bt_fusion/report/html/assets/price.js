// What the charts of candles and of signals share: a symbol's columns, candles, probabilities.

const MOST_CANDLES = 1400;  // drawn at once, half of them in view

// Of a probability its mean, least and greatest in each row: the same where a row is a bar.
function probabilities(mean, low, high) {
  return mean && { mean, low: low ?? mean, high: high ?? mean };
}

function otherSide({ mean, low, high }) {
  const other = (values) => values.map((p) => 1 - p), made = other(mean);
  return { mean: made, low: mean === high ? made : other(high), high: mean === low ? made : other(low) };
}

// A row is a bar, or a group of `size` bars where the run is long.
function barColumns(raw, count) {
  const made = { size: raw.size, count };
  for (const key of ["time", "open", "high", "low", "close", "confidence", "regime"]) made[key] = decode(raw[key]);
  for (const name of ["up", "down", "least"]) {
    made[name] = probabilities(decode(raw[name]), decode(raw[`${name}_low`]), decode(raw[`${name}_high`]));
  }
  made.short = made.down ?? otherSide(made.up);  // of two classes the other one
  const signal = decode(raw.signal);
  made.longs = decode(raw.longs) ?? signal.map((side) => (side > 0 ? 1 : 0));
  made.shorts = decode(raw.shorts) ?? signal.map((side) => (side < 0 ? 1 : 0));
  return made;
}

// All of a symbol, and where its bars are in groups the `detail`: some of them one by one.
function symbolColumns(raw, place, trades) {
  const made = { name: raw.name, last: raw.last, ...barColumns(raw, raw.count) };
  made.usual = (raw.last - made.time[0]) / Math.max(1, raw.count - 1);
  made.entries = marksOf(trades, place, 1);
  made.vetoed = marksOf(trades, place, 2);
  const time = raw.detail && decode(raw.detail.time);
  made.detail = time && { ...made, ...barColumns(raw.detail, time.length) };
  return made;
}

// The bars of a window one by one where they are there, else in groups.
function finest(bars, range) {
  const time = bars.detail?.time;
  if (!time) return bars;
  const last = time[time.length - 1];
  const held = range[0] >= time[0] - bars.usual && (last === bars.last || range[1] <= last + bars.usual);
  return held ? bars.detail : bars;
}

// The symbol shown, chosen in any select of the page; what listens is called after a change.
function symbolChoice(data, trades) {
  const columns = data.symbols.map(() => null), listeners = [];
  const selects = document.querySelectorAll("select.symbol");
  let chosen = data.signals.symbol;
  const choose = (at) => {
    chosen = at;
    for (const select of selects) select.value = String(at);
  };
  for (const select of selects) {
    select.addEventListener("change", () => {
      choose(Number(select.value));
      for (const listener of listeners) listener();
    });
  }
  choose(chosen);
  const pick = (at) => {
    if (at === chosen) return;
    choose(at);
    for (const listener of listeners) listener();
  };
  return {
    bars: () => (columns[chosen] ??= symbolColumns(data.symbols[chosen], chosen, trades)),
    place: () => chosen, pick, listeners,
    label: () => (columns.length > 1 ? `${data.symbols[chosen].name}: ` : ""),
  };
}

function inWindow(time, range) {
  return [firstAtOrAfter(time, range[0]), firstAtOrAfter(time, range[1] + 1)];
}

// A window and half of it on either side.
function widened([from, to]) {
  return [from - (to - from) / 2, to + (to - from) / 2];
}

// Least and greatest of what `pick` returns for the places in a range.
function extent(x, range, pick) {
  let least = Infinity, most = -Infinity;
  for (let i = 0; i < x.length; i++) {
    if (x[i] < range[0] || x[i] > range[1]) continue;
    const [low, high] = pick(i);
    if (low !== null && low < least) least = low;
    if (high !== null && high > most) most = high;
  }
  return least <= most ? [least, most] : [0, 1];
}

function padded([low, high], share) {
  const room = (high - low) * share || Math.abs(high) * 0.01 || 1;
  return [low - room, high + room];
}

// The range of a logarithmic axis, which counts in powers of ten.
function paddedLog([low, high], share) {
  return padded([Math.log10(low), Math.log10(high)], share);
}

// Round prices on a logarithmic axis: 1, 2, 5; all digits where it spans less than that.
function logTicks(range) {
  const span = range[1] - range[0];
  return { tickformat: ",.3~s", dtick: span > 1 ? "D2" : span > 0.4 ? "D1" : undefined };
}

// The candles of a window, what tells where values lie in it, and the range of its prices.
function candlesInView(bars, range) {
  const groups = grouping(bars.time, range, MOST_CANDLES);
  const candles = groupCandles(bars, groups);
  const width = candles.x.length > 1 ? candles.x[1] - candles.x[0] : 0;
  const inView = (pick) => extent(candles.x, [range[0] - width, range[1]], pick);
  const span = inView((i) => [candles.low[i], candles.high[i]]);
  const log = span[0] > 0 && span[1] / span[0] > 4;
  return { groups, candles, inView, span, log, prices: (log ? paddedLog : padded)(span, 0.07) };
}

function candleTrace(candles, yaxis) {
  return {
    type: "candlestick", name: "", ...candles, bars: undefined, xaxis: "x", yaxis,
    increasing: { line: { color: colour("candle"), width: 1 }, fillcolor: colour("surface") },
    decreasing: { line: { color: colour("candle"), width: 1 }, fillcolor: colour("candle") },
    whiskerwidth: 0, hoverlabel: { namelength: 0 }, showlegend: false,
  };
}

function triangleTrace(name, side, points, yaxis, open) {
  const shade = colour(side > 0 ? "long" : "short");
  return {
    type: "scatter", mode: "markers", name, ...points, hoverinfo: "text", xaxis: "x", yaxis,
    cliponaxis: true,
    marker: {
      symbol: `triangle-${side > 0 ? "up" : "down"}${open ? "-open" : ""}`, size: open ? 8 : 11,
      color: shade, line: { color: open ? shade : colour("surface"), width: open ? 1.2 : 1 },
      opacity: open ? 0.75 : 1,
    },
  };
}

function probabilityTraces(name, values, groups, x, shade, named) {
  const made = groupValues(values.mean, groups, values.low, values.high);
  const base = { type: "scatter", mode: "lines", x, xaxis: "x", yaxis: "y3", showlegend: false };
  const traces = [];
  if (groups.step > 1 || values.low !== values.high) {
    traces.push({ ...base, y: made.high, line: { width: 0 }, hoverinfo: "skip" });
    traces.push({
      ...base, y: made.low, line: { width: 0 }, hoverinfo: "skip", fill: "tonexty",
      fillcolor: faded(shade, 0.22),
    });
  }
  traces.push({
    ...base, y: made.mean, line: { color: colour(shade), width: 1.3 }, name, showlegend: named,
    hovertemplate: `${name} %{y:.3f}<extra></extra>`,
  });
  return { traces, made };
}

// The range of what is drawn of probabilities in view, and of the thresholds, fixed or as lines.
function probabilityRange(drawn, levels, lines, inView) {
  const spans = [
    ...drawn.map(({ made }) => inView((i) => [made.low[i], made.high[i]])),
    ...lines.map(({ y }) => inView((i) => [y[i], y[i]])),
    ...(lines.length ? [] : levels.map((level) => [level, level])),
  ];
  return padded([Math.min(...spans.map((s) => s[0])), Math.max(...spans.map((s) => s[1]))], 0.06);
}

// Thresholds that change from bar to bar as lines, none where they stay the same; the second line
// is where the other side of a label with two classes reaches it.
function thresholdLines(bars, groups, x, levels) {
  if (!bars.least) return [];
  const { mean } = groupValues(bars.least.mean, groups, bars.least.low, bars.least.high);
  const sides = levels.length > 1 ? [mean, mean.map((p) => (p === null ? null : 1 - p))] : [mean];
  const many = groups.step > 1 || bars.size > 1;
  return sides.map((y, k) => ({
    type: "scatter", mode: "lines", x, y, xaxis: "x", yaxis: "y3", name: "threshold", showlegend: !k, legendrank: 1020,
    line: { color: colour("ink"), width: many ? 0.7 : 1, dash: many ? "solid" : "dash" }, hovertemplate: "threshold %{y:.3f}<extra></extra>",
  }));
}

// Lines at the thresholds; with a name, the first tells it in the legend.
function thresholdShapes(levels, name) {
  return levels.map((level, k) => ({
    type: "line", xref: "paper", x0: 0, x1: 1, yref: "y3", y0: level, y1: level,
    line: { color: colour("ink"), width: 1, dash: "dash" }, name, showlegend: Boolean(name) && !k,
    legendrank: 1020,
  }));
}

function timeAxis(range, anchor) {
  return axis({
    type: "date", range: [...range], rangeslider: { visible: false }, anchor, showgrid: true,
    showspikes: true, spikemode: "across", spikethickness: 1, spikecolor: colour("muted"), spikedash: "dot",
  });
}

function fixedAxis(more) {
  return axis({ fixedrange: true, nticks: 5, ...more });
}

function priceAxis({ log, prices }, domain) {
  return fixedAxis({
    domain, range: prices, type: log ? "log" : "linear", title: titled("price"), nticks: 8,
    ...(log ? logTicks(prices) : {}),
  });
}

function candleLayout(more) {
  return layoutOf({
    dragmode: coarse.matches ? false : "zoom", hovermode: "x", showlegend: true,
    margin: { l: narrow.matches ? 46 : 60, r: 12, t: 30, b: 30 }, ...more,
  });
}

function candleConfig() {
  return configOf({
    displayModeBar: !coarse.matches && !narrow.matches,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "resetScale2d", "toImage"],
  });
}

function eachCandle(step) {
  return step === 1 ? "Each candle is one bar" : `Each candle is ${step.toLocaleString("en")} bars`;
}

// What to do where no closer look is possible: the page holds these bars in groups.
function closerLook({ groups, size }, range) {
  if (size === 1 || groups.step > 1) return "";
  return ` The page holds these bars in groups; "bt-fusion report FOLDER --until ${stampText(range[1]).replace(" ", "T")}" brings them one by one.`;
}
