// Candles with entries and exits, entries by candle, probability and confidence.

const MOST_CANDLES = 1400;  // drawn at once, half of them in view
const MOST_MARKS = 300;     // entries in view up to which each has its own mark
const MOST_EXITS = 60;      // entries in view up to which their exits are drawn, too

function symbolColumns(raw) {
  const made = { name: raw.name };
  for (const key of ["time", "open", "high", "low", "close", "up", "down", "confidence"]) {
    made[key] = decode(raw[key]);
  }
  for (const kind of ["entries", "vetoed"]) {
    made[kind] = Object.fromEntries(
      Object.entries(raw[kind]).map(([key, column]) => [key, decode(column)]));
  }
  return made;
}

function inWindow(time, range) {
  return [firstAtOrAfter(time, range[0]), firstAtOrAfter(time, range[1] + 1)];
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

function candleTrace(candles) {
  return {
    type: "candlestick", name: "", ...candles, bars: undefined, xaxis: "x", yaxis: "y",
    increasing: { line: { color: colour("candle"), width: 1 }, fillcolor: colour("surface") },
    decreasing: { line: { color: colour("candle"), width: 1 }, fillcolor: colour("candle") },
    whiskerwidth: 0, hoverlabel: { namelength: 0 }, showlegend: false,
  };
}

// Triangles below the low of a long entry's bar and above the high of a short one's.
function markTrace(name, columns, side, range, bars, room, open) {
  const x = [], y = [], text = [];
  const [from, to] = inWindow(columns.time, range);
  for (let i = from; i < to; i++) {
    if (columns.side[i] !== side) continue;
    const bar = Math.min(firstAtOrAfter(bars.time, columns.time[i]), bars.time.length - 1);
    x.push(columns.time[i]);
    y.push(side > 0 ? bars.low[bar] - room : bars.high[bar] + room);
    const profit = `${columns.pnl[i] >= 0 ? "+" : ""}${Math.round(columns.pnl[i]).toLocaleString("en")}`;
    text.push(`${name} at ${columns.price[i].toPrecision(6)}, ${open ? "without ML " : ""}${profit}`);
  }
  const shade = colour(side > 0 ? "long" : "short");
  return {
    type: "scatter", mode: "markers", name, x, y, text, hoverinfo: "text", xaxis: "x", yaxis: "y",
    cliponaxis: true,
    marker: {
      symbol: `triangle-${side > 0 ? "up" : "down"}${open ? "-open" : ""}`, size: open ? 8 : 11,
      color: shade, line: { color: open ? shade : colour("surface"), width: open ? 1.2 : 1 },
      opacity: open ? 0.75 : 1,
    },
  };
}

function exitTrace(columns, range) {
  const x = [], y = [], lines = { x: [], y: [] };
  const [from, to] = inWindow(columns.time, range);
  for (let i = from; i < to; i++) {
    if (Number.isNaN(columns.exit_time[i])) continue;
    x.push(columns.exit_time[i]);
    y.push(columns.exit_price[i]);
    lines.x.push(columns.time[i], columns.exit_time[i], null);
    lines.y.push(columns.price[i], columns.exit_price[i], null);
  }
  return [{
    type: "scatter", mode: "lines", x: lines.x, y: lines.y, hoverinfo: "skip", showlegend: false,
    line: { color: colour("on"), width: 1.2, dash: "dot" }, xaxis: "x", yaxis: "y",
  }, {
    type: "scatter", mode: "markers", name: "Exit", x, y, xaxis: "x", yaxis: "y",
    hovertemplate: "exit at %{y}<extra></extra>",
    marker: { symbol: "circle", size: 6, color: colour("surface"), line: { color: colour("on"), width: 1.5 } },
  }];
}

function countTrace(name, columns, groups, time, shade) {
  const counts = new Array(groups.count).fill(0);
  const end = time[groups.stop - 1];
  const [from, to] = inWindow(columns.time, [time[groups.start], end]);
  for (let i = from; i < to; i++) {
    const row = Math.min(firstAtOrAfter(time, columns.time[i] + 0.5) - 1, groups.stop - 1);
    counts[Math.floor((row - groups.start) / groups.step)] += 1;
  }
  const some = [...counts.keys()].filter((k) => counts[k]);
  const x = some.map((k) => time[groups.start + k * groups.step]);
  const width = 0.95 * (end - time[groups.start]) / Math.max(1, groups.count - 1);
  return {
    type: "bar", name, x, y: some.map((k) => counts[k]), width, xaxis: "x", yaxis: "y2", marker: { color: shade, line: { width: 0 } },
    hovertemplate: `%{y} ${name.toLowerCase()}<extra></extra>`, showlegend: false,
  };
}

function probabilityTraces(name, values, groups, x, shade, named) {
  const made = groupValues(values, groups);
  const base = { type: "scatter", mode: "lines", x, xaxis: "x", yaxis: "y3", showlegend: false };
  const traces = [];
  if (groups.step > 1) {
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

function confidenceTrace(values, groups, x) {
  return {
    type: "scatter", mode: "lines", x, y: groupValues(values, groups).high, xaxis: "x", yaxis: "y4",
    line: { color: colour("off"), width: 1.2, shape: "hv" }, showlegend: false,
    hovertemplate: "confidence %{y:.3f}<extra></extra>",
  };
}

function thresholdShapes(levels) {
  return levels.map((level) => ({
    type: "line", xref: "paper", x0: 0, x1: 1, yref: "y3", y0: level, y1: level,
    line: { color: colour("ink"), width: 1, dash: "dash" },
  }));
}

function candlePicture(bars, data, range) {
  const groups = grouping(bars.time, range, MOST_CANDLES);
  const candles = groupCandles(bars, groups);
  const width = candles.x.length > 1 ? candles.x[1] - candles.x[0] : 0;
  const inView = (pick) => extent(candles.x, [range[0] - width, range[1]], pick);
  const prices = inView((i) => [candles.low[i], candles.high[i]]);
  const log = prices[0] > 0 && prices[1] / prices[0] > 4;
  const room = (prices[1] - prices[0]) * 0.025;
  const up = probabilityTraces("P(up)", bars.up, groups, candles.x, "on", Boolean(bars.down));
  const down = bars.down && probabilityTraces("P(down)", bars.down, groups, candles.x, "short", true);
  const spans = [up, down].filter(Boolean).map(({ made }) => inView((i) => [made.low[i], made.high[i]]));
  const shown = [Math.min(...spans.map((s) => s[0])), Math.max(...spans.map((s) => s[1]))];
  const levels = data.thresholds;
  const traces = [candleTrace(candles)];
  const count = (columns) => inWindow(columns.time, range).reduce((a, b) => b - a);
  const wide = [range[0] - (range[1] - range[0]) / 2, range[1] + (range[1] - range[0]) / 2];
  const marks = { entries: count(bars.entries), vetoed: count(bars.vetoed) };
  for (const [kind, name] of [["vetoed", "entry not taken"], ["entries", "entry"]]) {
    if (!marks[kind] || marks[kind] > MOST_MARKS) continue;
    for (const [side, word] of [[1, "Long"], [-1, "Short"]]) {
      traces.push(markTrace(`${word} ${name}`, bars[kind], side, wide, bars, room, kind === "vetoed"));
    }
    if (kind === "entries" && marks.entries <= MOST_EXITS) traces.push(...exitTrace(bars.entries, wide));
  }
  traces.push(countTrace("Entries", bars.entries, groups, bars.time, colour("on")));
  traces.push(countTrace("Not taken", bars.vetoed, groups, bars.time, faded("off", 0.45)));
  if (down) traces.push(...down.traces);
  traces.push(...up.traces, confidenceTrace(bars.confidence, groups, candles.x));
  const probabilities = padded([Math.min(shown[0], ...levels), Math.max(shown[1], ...levels)], 0.06);
  const twoLines = Boolean(down);
  return { traces, groups, marks, log, twoLines, prices: (log ? paddedLog : padded)(prices, 0.07), probabilities };
}

function candleLayout(picture, data, range) {
  const fixed = (more) => axis({ fixedrange: true, nticks: 5, ...more });
  return layoutOf({
    dragmode: coarse.matches ? false : "zoom", hovermode: "x", bargap: 0.05, barmode: "stack",
    showlegend: true, uirevision: "candles", shapes: thresholdShapes(data.thresholds),
    xaxis: axis({
      type: "date", range: [...range], rangeslider: { visible: false }, anchor: "y4", showgrid: true,
      showspikes: true, spikemode: "across", spikethickness: 1, spikecolor: colour("muted"), spikedash: "dot",
    }),
    yaxis: fixed({ domain: [0.44, 1], range: picture.prices, type: picture.log ? "log" : "linear", title: titled("price"), nticks: 8, ...(picture.log ? logTicks(picture.prices) : {}) }),
    yaxis2: fixed({ domain: [0.335, 0.41], title: titled("entries"), nticks: 3, rangemode: "tozero" }),
    yaxis3: fixed({ domain: [0.13, 0.305], range: picture.probabilities, title: titled(picture.twoLines ? "P" : "P(up)") }),
    yaxis4: fixed({ domain: [0, 0.1], title: titled("conf."), nticks: 3 }),
    margin: { l: narrow.matches ? 46 : 60, r: 12, t: 30, b: 30 },
  });
}

function drawnText(picture, bars) {
  const { step, count, start, stop } = picture.groups;
  const each = step === 1 ? "Each candle is one bar" : `Each candle is ${step.toLocaleString("en")} bars`;
  const marks = picture.marks;
  const many = Object.values(marks).some((number) => number > MOST_MARKS) ? "; zoom in to see each" : "";
  return `${each}; ${count.toLocaleString("en")} drawn. In view: ${marks.entries.toLocaleString("en")} entries, `
    + `${marks.vetoed.toLocaleString("en")} not taken${many}.`;
}

function candleChart(place, data) {
  const columns = data.symbols.map(() => null);
  let symbol = 0;
  const bars = () => (columns[symbol] ??= symbolColumns(data.symbols[symbol]));
  const draw = () => {
    const picture = candlePicture(bars(), data, timeline.range);
    place.dataset.candles = picture.groups.count;
    place.dataset.step = picture.groups.step;
    document.getElementById("drawn").textContent = drawnText(picture, bars());
    return Plotly.react(place, picture.traces, candleLayout(picture, data, timeline.range),
      configOf({ displayModeBar: !coarse.matches && !narrow.matches, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "resetScale2d", "toImage"] }));
  };
  document.getElementById("symbol")?.addEventListener("change", (event) => {
    symbol = Number(event.target.value);
    draw();
  });
  return { draw, bars };
}
