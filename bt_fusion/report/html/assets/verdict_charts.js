// Charts of the comparison: random filters, groups of the probability, parts, worse conditions.

const RUN_SHADES = { off: "off", on: "on" };
const UNIT_TICKS = { "%": ".3~%", cash: ",.6~r", "": ".3~f" };
const OFF_AND_ON = (data) => data.runs.map((run) => [run, `ML ${run}`, RUN_SHADES[run]]);

function categories(more) {
  const size = narrow.matches ? 10.5 : 12;
  return axis({ type: "category", tickfont: { size, color: colour("ink") }, tickangle: 0, showgrid: false, ...more });
}

// A name in short lines, so that it stays upright below its bar.
function wrapped(name) {
  const lines = [""], most = narrow.matches ? 6 : 9;
  for (const word of name.split(" ")) {
    const last = lines.length - 1;
    if (lines[last] && lines[last].length + word.length > most) lines.push(word);
    else lines[last] = lines[last] ? `${lines[last]} ${word}` : word;
  }
  return lines.join("<br>");
}

function levelLine(y, yref, look) {
  return { type: "line", xref: "paper", x0: 0, x1: 1, yref, y0: y, y1: y, line: { color: colour("ink"), width: 1, dash: "dash" }, ...look };
}

// Numbers in full, unless they are too long for an axis.
function inFull(unit, range) {
  return Math.max(...range.map(Math.abs)) < 1e7 ? UNIT_TICKS[unit] : ",.3~s";
}

// A histogram where it is given, else the interval of the draws; the real result as a line.
function placeboChart(place, data) {
  const p = data.placebo, bins = p.histogram;
  place.style.height = place.style.minHeight = bins ? "320px" : "200px";
  const drawn = () => bins ? {
    type: "bar", name: "Random filters", x: bins.counts.map((_, k) => (bins.edges[k] + bins.edges[k + 1]) / 2), y: bins.counts,
    marker: { color: faded("off", 0.6) }, hovertemplate: "%{y} draws around %{x:,.0f}<extra></extra>",
  } : {
    type: "scatter", mode: "markers", name: "Random filters, mean and 95 % of them", x: [p.mean], y: [""], marker: { color: colour("off"), size: 10 },
    error_x: { type: "data", symmetric: false, array: [p.high - p.mean], arrayminus: [p.mean - p.low], color: colour("off") },
    hovertemplate: "mean of the draws %{x:,.0f}<extra></extra>",
  };
  const ends = bins ? [bins.edges[0], bins.edges[bins.edges.length - 1]] : [p.low, p.high];
  const range = padded([Math.min(...ends, p.real), Math.max(...ends, p.real)], 0.03);
  const draw = () => Plotly.react(place, [drawn()], layoutOf({
    showlegend: true, bargap: 0.04, xaxis: axis({ range, title: titled("net profit, cash"), tickformat: inFull("cash", range), tickangle: 0, nticks: narrow.matches ? 5 : 10 }),
    yaxis: axis({ title: titled(bins ? "draws" : ""), rangemode: "tozero" }),
    shapes: [{ type: "line", name: "ML on", showlegend: true, x0: p.real, x1: p.real, yref: "paper", y0: 0, y1: 1, line: { color: colour("on"), width: 2.5 } }],
    margin: { l: 60, r: 14, t: 30, b: 44 },
  }), configOf());
  return { draw };
}

// Each figure in a row with a scale of its own, in its own unit.
function chanceChart(place, data) {
  const rows = data.chance, share = 1 / rows.length;
  place.style.height = place.style.minHeight = `${60 + 64 * rows.length}px`;
  const axisName = (kind, k) => `${kind}${k ? k + 1 : ""}`;
  const tracesOf = (row, k) => {
    const axes = { xaxis: axisName("x", k), yaxis: axisName("y", k), showlegend: !k }, [low, high] = row.range;
    return [{
      ...axes, type: "bar", orientation: "h", name: "95 % of the random filters", legendgroup: "filters", y: [row.label], x: [high - low], base: [low],
      width: 0.6, marker: { color: faded("off", 0.3) }, hovertemplate: `${row.label}: random filters ${row.filters}<extra></extra>`,
    }, ...OFF_AND_ON(data).map(([run, name, shade]) => ({
      ...axes, type: "scatter", mode: "markers", name, legendgroup: run, y: [row.label], x: [row.values[run]],
      marker: { size: run === "on" ? 13 : 11, color: colour(run === "on" ? shade : "surface"), line: { color: colour(shade), width: 2 } },
      hovertemplate: `${row.label}: ${name} ${row.texts[run]}<extra></extra>`,
    }))];
  };
  const axesOf = (row, k) => {
    const top = 1 - k * share, known = [...row.range, ...Object.values(row.values).filter((value) => value !== null)];
    const range = padded([Math.min(...known), Math.max(...known)], 0.06);
    return {
      [axisName("xaxis", k)]: axis({ anchor: axisName("y", k), range, tickformat: inFull(row.unit, range), tickangle: 0, nticks: narrow.matches ? 4 : 8 }),
      [axisName("yaxis", k)]: categories({ anchor: axisName("x", k), domain: [top - 0.5 * share, top], ticks: "" }),
    };
  };
  const middleLine = (row, k) => ({
    type: "line", xref: axisName("x", k), yref: `${axisName("y", k)} domain`, x0: row.middle, x1: row.middle, y0: 0.2, y1: 0.8, line: { color: colour("off"), width: 2 },
  });
  const draw = () => Plotly.react(place, rows.flatMap(tracesOf), layoutOf({
    showlegend: true, ...Object.assign({}, ...rows.map(axesOf)), shapes: rows.map(middleLine), margin: { l: 60, r: 14, t: 30, b: 12 },
  }), configOf());
  return { draw };
}

// Mean net return of an entry by quartile of the rank of its probability.
function rankingChart(place, data) {
  place.style.height = place.style.minHeight = "280px";
  const { names, means, counts } = data.ranking;
  const draw = () => Plotly.react(place, [{
    type: "bar", x: names.map(wrapped), y: means, customdata: counts,
    marker: { color: means.map((mean) => colour(mean < 0 ? "short" : "on")) },
    hovertemplate: "%{x}: %{y:.3%} over %{customdata:,} entries<extra></extra>",
  }], layoutOf({
    bargap: 0.4, xaxis: categories({ title: titled("rank of the probability") }),
    yaxis: axis({ title: titled("mean net return"), tickformat: ".2%", zeroline: true, nticks: 6 }),
    margin: { l: 64, r: 14, t: 8, b: 60 },
  }), configOf());
  return { draw };
}

// Trades of each run by group of the probability: mean net return, win rate, number.
function quartersChart(place, data) {
  place.style.height = place.style.minHeight = "520px";
  const panels = [["means", "y", "%{y:.3%} mean net return"], ["win_rates", "y2", "%{y:.1%} won"], ["counts", "y3", "%{y:,} trades"]];
  const draw = () => Plotly.react(place, OFF_AND_ON(data).flatMap(([run, name, shade]) => panels.map(([key, yaxis, text], k) => ({
    type: "bar", name, x: data.quarters.names.map(wrapped), y: data.quarters.runs[run][key], yaxis, marker: { color: colour(shade) }, legendgroup: run, showlegend: !k,
    offsetgroup: run, hovertemplate: `${name}: ${text}<extra></extra>`,
  }))), layoutOf({
    showlegend: true, barmode: "group", bargap: 0.35, xaxis: categories({ anchor: "y3", title: titled("probability of the side at entry") }),
    yaxis: axis({ domain: [0.62, 1], title: titled("mean return"), tickformat: ".2~%", zeroline: true, nticks: 5 }),
    yaxis2: axis({ domain: [0.31, 0.55], title: titled("win rate"), tickformat: ".0%", rangemode: "tozero", nticks: 4 }),
    yaxis3: axis({ domain: [0, 0.24], title: titled("trades"), rangemode: "tozero", nticks: 4 }),
    margin: { l: 64, r: 14, t: 30, b: 70 },
  }), configOf());
  return { draw };
}

// Profit factors of both runs, as traded and under worse conditions.
function robustnessChart(place, data) {
  place.style.height = place.style.minHeight = "300px";
  const { names } = data.robustness;
  const draw = () => Plotly.react(place, OFF_AND_ON(data).map(([run, name, shade]) => ({
    type: "bar", name, x: names.map(wrapped), y: data.robustness[run], marker: { color: colour(shade) }, hovertemplate: `${name}, %{x}: %{y:.2f}<extra></extra>`,
  })), layoutOf({
    showlegend: true, barmode: "group", bargap: 0.35, xaxis: categories(),
    yaxis: axis({ title: titled("profit factor"), rangemode: "tozero", nticks: 6 }),
    shapes: [levelLine(1, "y", { name: "wins equal losses", showlegend: true })], margin: { l: 56, r: 14, t: 30, b: 56 },
  }), configOf());
  return { draw };
}

// Parts of the difference in profit, one on top of the other, and their sum.
function differenceChart(place, data) {
  place.style.height = place.style.minHeight = "280px";
  const names = [...data.difference.map((part) => part[0]), "sum"];
  const cash = [...data.difference.map((part) => part[1]), 0];
  const shade = (name) => ({ marker: { color: colour(name) } });
  const draw = () => Plotly.react(place, [{
    type: "waterfall", x: names.map(wrapped), y: cash, measure: names.map((_, k) => (k < names.length - 1 ? "relative" : "total")),
    increasing: shade("on"), decreasing: shade("short"), totals: shade("off"),
    connector: { line: { color: colour("line"), width: 1 } },
    hovertemplate: "%{x} %{delta:+,.0f}<extra></extra>",
  }], layoutOf({
    xaxis: categories(),
    yaxis: axis({ title: titled("cash"), tickformat: ",.3~s", zeroline: true, nticks: 6 }),
    margin: { l: 60, r: 14, t: 8, b: 60 },
  }), configOf());
  return { draw };
}
