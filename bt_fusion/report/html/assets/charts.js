// Charts of the account and of the model: equity, reliability, importances, refits, health.

function equityChart(place, data) {
  const time = decode(data.equity.time);
  const curves = data.runs.map((run) => {
    const values = decode(data.equity[run]);
    return { run, values, below: decode(data.equity[`below_${run}`]) ?? drawdown(values) };
  });
  const hold = decode(data.equity.buy_hold);  // null in runs of older versions
  const all = [...curves.map((curve) => curve.values), ...(hold ? [hold] : [])].map((values) => values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, 0]));
  const lowest = Math.min(...all.map((pair) => pair[0]));
  const log = lowest > 0 && Math.max(...all.map((pair) => pair[1])) > 8 * lowest;
  const draw = () => {
    const range = timeline.range, groups = grouping(time, range, 1200), traces = [];
    if (hold) {
      traces.push({
        ...groupExtremes(time, hold, groups), type: "scatter", mode: "lines", name: "Buy and hold",
        line: { color: colour("hold"), width: 1 }, hovertemplate: "Buy and hold %{y:,.0f}<extra></extra>",
      });
    }
    for (const { run, values, below } of curves) {
      const shade = run === "on" ? "on" : "off";
      const money = groupExtremes(time, values, groups), depth = groupExtremes(time, below, groups);
      traces.push({
        ...money, type: "scatter", mode: "lines", name: `ML ${run}`, line: { color: colour(shade), width: run === "on" ? 2 : 1.5 },
        hovertemplate: `ML ${run} %{y:,.0f}<extra></extra>`,
      }, {
        ...depth, type: "scatter", mode: "lines", yaxis: "y2", showlegend: false, fill: "tozeroy",
        fillcolor: faded(shade, 0.14), line: { color: colour(shade), width: 1.1 },
        hovertemplate: `ML ${run} %{y:.1%}<extra></extra>`,
      });
    }
    const seen = traces.filter((trace) => trace.yaxis !== "y2").map((trace) => extent(
      trace.x, range, (i) => [trace.y[i], trace.y[i]]));
    const span = [Math.min(...seen.map((s) => s[0])), Math.max(...seen.map((s) => s[1]))];
    const shown = (log ? paddedLog : padded)(span, 0.06);
    return Plotly.react(place, traces, layoutOf({
      showlegend: true, dragmode: coarse.matches ? false : "zoom", hovermode: "x unified",
      xaxis: axis({ type: "date", range: [...range], anchor: "y2" }),
      yaxis: axis({ domain: [0.36, 1], range: shown, type: log ? "log" : "linear", fixedrange: true, tickformat: ",.3~s", ...(log ? logTicks(shown) : {}), title: titled(log ? "equity, log" : "equity"), nticks: 7 }),
      yaxis2: axis({ domain: [0, 0.3], fixedrange: true, tickformat: ".0%", title: titled("drawdown"), nticks: 4, rangemode: "tozero" }),
      margin: { l: narrow.matches ? 46 : 60, r: 12, t: 30, b: 30 },
    }), configOf());
  };
  return { draw, time };
}

function reliabilityChart(place, data) {
  place.style.height = "440px";
  const bins = data.reliability, predicted = bins.map((b) => b.predicted), actual = bins.map((b) => b.actual);
  const sure = bins.filter((b) => b.high - b.low < 0.5);
  const range = padded([Math.min(...predicted), Math.max(...predicted)], 0.1);
  const reach = padded([Math.min(...actual, ...sure.map((b) => b.low)), Math.max(...actual, ...sure.map((b) => b.high))], 0.06);
  const draw = () => Plotly.react(place, [
    { type: "scatter", mode: "lines", name: "always right", x: [0, 1], y: [0, 1], line: { color: colour("muted"), dash: "dash", width: 1 }, hoverinfo: "skip" },
    {
      type: "scatter", mode: "markers+lines", name: "this model", x: predicted, y: actual, customdata: bins.map((b) => b.count),
      error_y: { type: "data", symmetric: false, array: bins.map((b) => b.high - b.actual), arrayminus: bins.map((b) => b.actual - b.low), color: colour("on"), thickness: 1.2, width: 4 },
      marker: { color: colour("on"), size: 8 }, line: { color: colour("on"), width: 1 },
      hovertemplate: "predicted %{x:.3f}, actual %{y:.3f}, %{customdata:,} bars<extra></extra>",
    },
    { type: "bar", showlegend: false, x: predicted, y: bins.map((b) => b.count), yaxis: "y2", marker: { color: faded("on", 0.5) }, hovertemplate: "%{y:,} bars<extra></extra>" },
  ], layoutOf({
    showlegend: true, xaxis: axis({ range, title: titled(`predicted ${data.reliability_of}`), anchor: "y2", tickformat: ".2~f" }),
    yaxis: axis({ domain: [0.3, 1], range: reach, title: titled("share that came true"), tickformat: ".2~f" }),
    yaxis2: axis({ domain: [0, 0.2], title: titled("bars"), nticks: 3, tickformat: ",.2~s" }), bargap: 0.3,
    margin: { l: 60, r: 14, t: 30, b: 44 },
  }), configOf());
  return { draw };
}

function importancesChart(place, data) {
  place.style.height = `${80 + 20 * data.importances.length}px`;
  const lines = [...data.importances].reverse();
  const draw = () => Plotly.react(place, [{
    type: "bar", orientation: "h", x: lines.map((l) => l[1]), y: lines.map((l) => l[0]), marker: { color: colour("on") },
    hovertemplate: "%{y} %{x:.1%}<extra></extra>",
  }], layoutOf({
    bargap: 0.35,
    xaxis: axis({ tickformat: narrow.matches ? ".0%" : ".1%", tickangle: 0, nticks: 6, title: titled("share of all importance"), rangemode: "tozero" }),
    yaxis: axis({ type: "category", ticks: "", showgrid: false, dtick: 1, tickfont: { size: 12, color: colour("ink") } }),
    margin: { l: 60, r: 14, t: 8, b: 44 },
  }), configOf());
  return { draw };
}

function refitsChart(place, data) {
  const symbols = [...new Set(data.refits.map((refit) => refit.symbol))], pooled = data.pooled_auc;
  const level = (y, name, line) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, name, showlegend: true, line });
  const lineOf = (symbol) => {
    const told = data.refits.filter((refit) => refit.symbol === symbol && refit.auc !== null);
    const last = told[told.length - 1];
    const lines = last ? [...told, { ...last, start: last.end, after: true }] : [];
    return {
      type: "scatter", mode: "lines+markers", name: symbol || "each refit", x: lines.map((r) => r.start), y: lines.map((r) => r.auc),
      line: { color: colour("on"), width: 1.4, shape: "hv" },
      marker: { color: colour("on"), size: lines.map((r) => (r.after ? 0 : 7)) },
      customdata: lines.map((r) => [r.rows, r.end, symbol, r.payoff]),
      hovertemplate: "%{customdata[2]} %{x} to %{customdata[1]}<br>AUC %{y:.3f} on %{customdata[0]:,} bars<br>%{customdata[3]}<extra></extra>",
    };
  };
  const draw = () => Plotly.react(place, symbols.map(lineOf), layoutOf({
    showlegend: true, xaxis: axis({ type: "date" }), yaxis: axis({ title: titled("AUC"), tickformat: ".2f" }),
    shapes: [
      level(0.5, "chance, 0.5", { color: colour("ink"), width: 1, dash: "dash" }),
      ...(pooled ? [level(pooled, `all pooled, ${pooled.toFixed(3)}`, { color: colour("off"), width: 1.6, dash: "dot" })] : []),
    ],
    margin: { l: 60, r: 14, t: 30, b: 34 },
  }), configOf());
  return { draw };
}

// Evidence of drift as a share of what raises the alarm, and hit rates against the expected ones.
function healthChart(place, data) {
  const shown = data.health.filter((each) => each.time.length);
  const line = (each, name, key, look, axes) => ({
    type: "scatter", mode: "lines", x: each.time, y: each[key], name: shown.length > 1 ? `${each.symbol} ${name}` : name,
    line: { shape: "hv", ...look }, ...axes,
  });
  const draw = () => Plotly.react(place, shown.flatMap((each) => [
    { ...line(each, "evidence", "evidence", { color: colour("on"), width: 1.6 }, {}), hovertemplate: "%{x}<br>evidence %{y:.3g} of the alarm<br>largest PSI %{customdata:.2f}<extra></extra>", customdata: each.psi },
    { ...line(each, "hit rate", "hit_rate", { color: colour("on"), width: 1.4 }, { yaxis: "y2" }), hovertemplate: "hit rate %{y:.1%}<extra></extra>" },
    { ...line(each, "expected", "expected", { color: colour("off"), width: 1.4, dash: "dot" }, { yaxis: "y2" }), hovertemplate: "expected %{y:.1%}<extra></extra>" },
  ]), layoutOf({
    showlegend: true, hovermode: "x unified", xaxis: axis({ type: "date", anchor: "y2" }),
    yaxis: axis({ domain: [0.52, 1], type: "log", range: [-3, 1.3], tickvals: [0.001, 0.01, 0.1, 1, 10], ticktext: ["0.001", "0.01", "0.1", "1", "10"], title: titled("evidence") }),
    yaxis2: axis({ domain: [0, 0.44], tickformat: ".0%", title: titled("hit rate") }),
    shapes: [
      { type: "line", xref: "paper", x0: 0, x1: 1, y0: 1, y1: 1, line: { color: colour("ink"), width: 1, dash: "dash" } },
      ...shown.flatMap((each) => each.alarms.map((time) => ({ type: "line", x0: time, x1: time, yref: "paper", y0: 0, y1: 1, line: { color: colour("ink"), width: 1, dash: "dot" } }))),
    ],
    margin: { l: 60, r: 14, t: 8, b: 34 },
  }), configOf());
  return { draw };
}
