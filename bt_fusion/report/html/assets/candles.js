// Candles with entries and exits, entries by candle, probability and confidence.

const MOST_MARKS = 300;     // entries in view up to which each has its own mark
const MOST_EXITS = 60;      // entries in view up to which their exits are drawn, too

// Triangles below the low of a long entry's bar and above the high of a short one's.
function markTrace(name, columns, side, range, bars, room, open) {
  const x = [], y = [], text = [];
  const [from, to] = inWindow(columns.time, range);
  for (let i = from; i < to; i++) {
    if (columns.side[i] !== side) continue;
    const bar = Math.max(0, firstAtOrAfter(bars.time, columns.time[i] + 0.5) - 1);
    x.push(columns.time[i]);
    y.push(side > 0 ? bars.low[bar] - room : bars.high[bar] + room);
    text.push(`${name} at ${columns.price[i].toPrecision(6)}, profit ${open ? "without ML " : ""}${signedText(columns.pnl[i])}`);
  }
  return triangleTrace(name, side, { x, y, text }, "y", open);
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
  const until = groups.stop < time.length ? time[groups.stop] - 1 : Infinity;
  const [from, to] = inWindow(columns.time, [time[groups.start], until]);
  for (let i = from; i < to; i++) {
    const row = Math.min(firstAtOrAfter(time, columns.time[i] + 0.5) - 1, groups.stop - 1);
    counts[Math.floor((row - groups.start) / groups.step)] += 1;
  }
  const some = [...counts.keys()].filter((k) => counts[k] || !k);  // one at least: plotly drops an empty trace, and its axis
  const x = some.map((k) => time[groups.start + k * groups.step]);
  const width = 0.95 * (end - time[groups.start]) / Math.max(1, groups.count - 1);
  return {
    type: "bar", name, x, y: some.map((k) => counts[k]), width, xaxis: "x", yaxis: "y2", marker: { color: shade, line: { width: 0 } },
    hovertemplate: `%{y} ${name.toLowerCase()}<extra></extra>`, showlegend: false,
  };
}

function confidenceTrace(values, groups, x) {
  return {
    type: "scatter", mode: "lines", x, y: groupValues(values, groups).high, xaxis: "x", yaxis: "y4",
    line: { color: colour("off"), width: 1.2, shape: "hv" }, showlegend: false,
    hovertemplate: "confidence %{y:.3f}<extra></extra>",
  };
}

// The trade picked in the list: a shade from its entry to its exit, and a line between their prices.
function pickedTrade(picked, view, bars) {
  if (!picked) return { traces: [], shapes: [] };
  const exit = Number.isNaN(picked.exit_time) ? bars.last : picked.exit_time;
  const half = bars.usual * view.groups.step * bars.size / 2, shade = colour(picked.side > 0 ? "long" : "short");
  return {
    traces: [{
      type: "scatter", mode: "lines+markers", name: "Picked trade", x: [picked.time, exit], y: [picked.price, picked.exit_price],
      xaxis: "x", yaxis: "y", line: { color: shade, width: 2 }, marker: { color: shade, size: 8, symbol: "diamond" },
      hovertemplate: "%{y}<extra>picked trade</extra>", legendrank: 1001,
    }],
    shapes: [{
      type: "rect", layer: "below", xref: "x", yref: "paper", x0: picked.time - half, x1: exit + half, y0: 0, y1: 1,
      fillcolor: shade, opacity: 0.14, line: { width: 0 },
    }],
  };
}

function candlePicture(bars, data, range, picked) {
  const view = candlesInView(bars, range);
  const { groups, candles, span, inView } = view, { names } = data.signals;
  const room = (span[1] - span[0]) * 0.025;
  const up = probabilityTraces(names[0], bars.up, groups, candles.x, "on", Boolean(bars.down));
  const down = bars.down && probabilityTraces(names[1], bars.down, groups, candles.x, "short", true);
  const traces = [candleTrace(candles, "y")];
  const count = (columns) => inWindow(columns.time, range).reduce((a, b) => b - a);
  const wide = widened(range);
  const marks = { entries: count(bars.entries), vetoed: count(bars.vetoed) };
  for (const [kind, name] of [["vetoed", "entry skipped by ML"], ["entries", "entry"]]) {
    if (!marks[kind] || marks[kind] > MOST_MARKS) continue;
    for (const [side, word] of [[1, "Long"], [-1, "Short"]]) {
      if (bars[kind].side.includes(side)) traces.push(markTrace(`${word} ${name}`, bars[kind], side, wide, bars, room, kind === "vetoed"));
    }
    if (kind === "entries" && marks.entries <= MOST_EXITS) traces.push(...exitTrace(bars.entries, wide));
  }
  const counts = [
    countTrace("Entries", bars.entries, groups, bars.time, colour("on")),
    countTrace("Skipped by ML", bars.vetoed, groups, bars.time, faded("off", 0.45)),
  ];
  traces.push(...counts);
  if (down) traces.push(...down.traces);
  const limits = thresholdLines(bars, groups, candles.x, data.thresholds);
  const { traces: trade, shapes } = pickedTrade(picked, view, bars);
  traces.push(...up.traces, ...limits, confidenceTrace(bars.confidence, groups, candles.x), ...trade);
  if (!bars.least) shapes.push(...thresholdShapes(data.thresholds, "threshold"));
  const probabilities = probabilityRange([up, down].filter(Boolean), data.thresholds, limits, inView);
  const empty = counts.every((trace) => Math.max(...trace.y) === 0);
  return { ...view, size: bars.size, traces, marks, empty, probabilities, shapes, twoLines: Boolean(down) };
}

function entriesLayout(picture, data, range) {
  return candleLayout({
    bargap: 0.05, barmode: "stack", uirevision: "candles", shapes: picture.shapes,
    xaxis: timeAxis(range, "y4"),
    yaxis: priceAxis(picture, [0.44, 1]),
    yaxis2: fixedAxis({ domain: [0.335, 0.41], title: titled("entries"), nticks: 3, rangemode: "tozero", ...(picture.empty ? { range: [0, 1] } : {}) }),
    yaxis3: fixedAxis({ domain: [0.13, 0.305], range: picture.probabilities, title: titled(picture.twoLines ? "probability" : data.signals.names[0]) }),
    yaxis4: fixedAxis({ domain: [0, 0.1], title: titled("confid."), nticks: 3 }),
  });
}

function drawnText(picture, range, name) {
  const { groups, size, marks } = picture;
  const many = Object.values(marks).some((number) => number > MOST_MARKS) ? "; zoom in to see each" : "";
  return `${name}${eachCandle(groups.step * size)}; ${groups.count.toLocaleString("en")} drawn. In view: `
    + `${marks.entries.toLocaleString("en")} entries, ${marks.vetoed.toLocaleString("en")} skipped by ML${many}.${closerLook(picture, range)}`;
}

function candleChart(place, data, symbols) {
  const draw = () => {
    const trade = picked && picked.symbol === symbols.place() ? picked : null;
    const picture = candlePicture(finest(symbols.bars(), timeline.range), data, timeline.range, trade);
    place.dataset.candles = picture.groups.count;
    place.dataset.step = picture.groups.step * picture.size;
    document.getElementById("drawn-candles").textContent = drawnText(picture, timeline.range, symbols.label());
    return Plotly.react(place, picture.traces, entriesLayout(picture, data, timeline.range), candleConfig());
  };
  symbols.listeners.push(draw);
  return { draw, timeline };
}
