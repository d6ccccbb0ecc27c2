// Signals by bar: candles with triangles, regimes behind them, both probabilities below.

const MOST_LARGE = 60;  // triangles of a side up to which they are large
// In the order of their numbers: name, colour, how much of it, place in the legend.
const REGIMES = [
  ["ranging", "off", 0.09, 1003], ["uptrend", "long", 0.15, 1001], ["downtrend", "short", 0.15, 1002],
];

// How many long and short signals each group of rows has, and the regime of most of its rows.
function groupSignals(bars, groups) {
  const made = { long: [], short: [], regime: [] };
  for (let row = groups.start; row < groups.stop; row += groups.step) {
    let long = 0, short = 0;
    const rows = [0, 0, 0];
    for (let i = row; i < Math.min(row + groups.step, groups.stop); i++) {
      long += bars.longs[i];
      short += bars.shorts[i];
      rows[bars.regime[i]] += 1;
    }
    made.long.push(long);
    made.short.push(short);
    made.regime.push(rows.indexOf(Math.max(...rows)));
  }
  return made;
}

// One bar as wide as each stretch of candles of one regime.
function regimeTraces(regime, x, width) {
  const made = REGIMES.map(() => ({ x: [], width: [] }));
  for (let first = 0, i = 1; i <= x.length; i++) {
    if (i < x.length && regime[i] === regime[first]) continue;
    const from = x[first] - width / 2, to = (i < x.length ? x[i] : x[i - 1] + width) - width / 2;
    made[regime[first]].x.push((from + to) / 2);
    made[regime[first]].width.push(to - from);
    first = i;
  }
  return REGIMES.map(([name, shade, share, legendrank], k) => ({
    type: "bar", name, ...made[k], y: made[k].x.map(() => 1), xaxis: "x", yaxis: "y",
    hoverinfo: "skip", marker: { color: faded(shade, share), line: { width: 0 } },
    showlegend: true, legendrank,
  }));
}

function probabilityText({ name, made }, k) {
  return `${name} ${made.mean[k] === null ? "unknown" : made.mean[k].toFixed(3)}`;
}

// Light where they rise; regime and probabilities in their hover text.
function signalCandles(candles, regime, sides) {
  const trace = candleTrace(candles, "y2"), light = faded("candle", 0.6);
  trace.increasing = { line: { color: light, width: 1 }, fillcolor: light };
  const text = regime.map((place, k) => [REGIMES[place][0], ...sides.map((side) => probabilityText(side, k))].join("<br>"));
  return { ...trace, text };
}

// Triangles below or above the candles that hold signals of a side.
function signalTrace(side, counts, view) {
  const { candles, span, log, groups } = view;
  const word = side > 0 ? "long" : "short", points = { x: [], y: [], text: [] };
  const room = 0.025 * (log ? Math.log(span[1] / span[0]) : span[1] - span[0]);
  counts.forEach((count, k) => {
    if (!count) return;
    const price = side > 0 ? candles.low[k] : candles.high[k];
    points.x.push(candles.x[k]);
    points.y.push(log ? price * Math.exp(-side * room) : price - side * room);
    const among = candles.bars[k] > 1 ? ` among ${candles.bars[k]} bars` : "";
    points.text.push(`${count > 1 ? `${count} ` : ""}${word} signal${count > 1 ? "s" : ""}${among}`);
  });
  const trace = triangleTrace(`${word} signal`, side, points, "y2");
  if (points.x.length > MOST_LARGE) trace.marker.size = 8;
  return { ...trace, showlegend: true };
}

function leastGap(x) {
  let least = Infinity;
  for (let i = 1; i < x.length; i++) least = Math.min(least, x[i] - x[i - 1]);
  return x.length > 1 ? least : 60000;
}

function signalPicture(bars, { names, levels }, range) {
  const view = candlesInView(bars, range), { groups, candles, inView } = view;
  const found = groupSignals(bars, groups);
  const sides = names.map((name, k) => ({
    name, ...probabilityTraces(name, k ? bars.short : bars.up, groups, candles.x, k ? "short" : "long", true),
  }));
  // P(down) of two classes says the same as P(up) once more
  if (sides.length > 1 && !bars.down) for (const trace of sides[1].traces) trace.opacity = 0.45;
  const limits = thresholdLines(bars, groups, candles.x, levels);
  const traces = [
    ...regimeTraces(found.regime, candles.x, leastGap(candles.x)),
    signalCandles(candles, found.regime, sides),
    signalTrace(1, found.long, view),
    ...(names.length > 1 || found.short.some(Boolean) ? [signalTrace(-1, found.short, view)] : []),
    ...sides.flatMap((side) => side.traces.map((trace) => ({ ...trace, legendrank: 1010 }))),
    ...limits,
  ];
  const fixed = bars.least ? [] : levels;
  return { ...view, size: bars.size, traces, fixed, probabilities: probabilityRange(sides, levels, limits, inView) };
}

function signalLayout(picture, { levels }, range) {
  const named = `threshold${levels.length > 1 ? "s" : ""} ${levels.map((level) => Number(level.toFixed(3))).join(", ")}`;
  return candleLayout({
    barmode: "overlay", uirevision: "signals", shapes: thresholdShapes(picture.fixed, named),
    xaxis: { ...timeAxis(range, "y3"), showgrid: false },
    yaxis: fixedAxis({ domain: [0, 1], range: [0, 1], visible: false }),
    yaxis2: priceAxis(picture, [0.34, 1]),
    yaxis3: fixedAxis({ domain: [0, 0.29], range: picture.probabilities, title: titled("probability") }),
  });
}

function signalText(bars, picture, [from, to], name) {
  const { groups } = picture;
  const [first, stop] = inWindow(bars.time, [from, to]);
  const counted = { bars: Math.min(stop * bars.size, bars.count) - first * bars.size, long: 0, short: 0 };
  for (let i = first; i < stop; i++) {
    counted.long += bars.longs[i];
    counted.short += bars.shorts[i];
  }
  const [all, long, short] = Object.values(counted).map((number) => number.toLocaleString("en"));
  const each = groups.step * bars.size;
  const most = each > 1 ? ", shaded by the regime of most of them" : "";
  return `${name}${eachCandle(each)}${most}. In view: ${all} bars with ${long} long and ${short} short signals.${closerLook(picture, [from, to])}`;
}

// Show the last bars until a time; neither they nor the whole are cut by the chart's edge.
function showLast(shown, symbol, { bars, until }) {
  const { time } = symbol.detail ?? symbol, half = leastGap(time) / 2;
  const end = until === null ? time.length : Math.max(1, firstAtOrAfter(time, until + 1));
  const count = Math.min(bars, end), range = [time[end - count] - half, time[end - 1] + half];
  const day = stampText(time[end - 1]);
  const text = until === null ? `Last ${count.toLocaleString("en")} bars` : `${count.toLocaleString("en")} bars until ${day}`;
  shown.setWhole(symbol.time[0] - half, symbol.last + half);
  shown.home = count < symbol.count ? { text, range } : null;
  shown.show(...range);
}

function signalChart(place, data, symbols) {
  const shown = new Timeline();
  const draw = () => {
    const bars = finest(symbols.bars(), shown.range), picture = signalPicture(bars, data.signals, shown.range);
    document.getElementById("drawn-signals").textContent = signalText(bars, picture, shown.range, symbols.label());
    return Plotly.react(place, picture.traces, signalLayout(picture, data.signals, shown.range), candleConfig());
  };
  const home = () => showLast(shown, symbols.bars(), data.signals);
  symbols.listeners.push(home);
  home();
  return { draw, timeline: shown };
}
