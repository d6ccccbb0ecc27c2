// The page: draw what is first in view first, then the rest; theme, print, buttons.

const data = JSON.parse(document.getElementById("page-data").textContent);
const drawn = [];  // charts, in the order of the page
const trades = decodeTrades(data.trades);
const symbols = data.symbols.length ? symbolChoice(data, trades) : null;

function add(name, make) {
  const place = document.getElementById(`chart-${name}`);
  if (!place) return null;
  const chart = { place, ...make(place, data, symbols) };
  drawn.push(chart);
  return chart;
}

// Let a chart follow its window of time, which buttons move.
function addRanges(name, { place, timeline, draw }) {
  const buttons = document.getElementById(`ranges-${name}`);
  const add = () => rangeButtons(buttons, timeline, symbols.bars().usual);
  timeline.follow(place, draw);
  symbols.listeners.push(add);
  add();
}

function addAll() {
  setTheme(preferredTheme());
  document.querySelector(".at-first").remove();
  const equity = add("equity", equityChart);
  timeline.setWhole(equity.time[0], equity.time[equity.time.length - 1]);
  equity.draw();
  timeline.follow(equity.place, equity.draw);
  performance.mark("first-chart");
  const rest = [["placebo", placeboChart], ["chance", chanceChart], ["ranking", rankingChart], ["difference", differenceChart],
    ["robustness", robustnessChart], ["candles", candleChart], ["quarters", quartersChart], ["threshold", thresholdChart],
    ["signals", signalChart], ["reliability", reliabilityChart], ["importances", importancesChart], ["refits", refitsChart], ["health", healthChart]];
  if (symbols && document.getElementById("trade-table")) tradeList(trades, data, symbols);
  const next = () => {
    const [name, make] = rest.shift() || [];
    if (!name) {
      root.dataset.ready = "yes";
      performance.mark("ready");
      return;
    }
    try {  // a chart that cannot be drawn costs itself alone
      const chart = add(name, make);
      chart?.draw();
      if (chart?.timeline) addRanges(name, chart);
      if (chart?.follows) timeline.follow(chart.place, chart.draw);
    } catch (error) {
      console.error(error);
    }
    setTimeout(next);
  };
  setTimeout(next);
}

function redraw(theme) {
  setTheme(theme);
  for (const chart of drawn) chart.draw();
}

document.getElementById("theme").addEventListener("click", () => {
  chosenTheme = root.dataset.theme === "dark" ? "light" : "dark";
  redraw(chosenTheme);
});
darkPreferred.addEventListener("change", () => redraw(preferredTheme()));
narrow.addEventListener("change", () => redraw(preferredTheme()));

for (const button of document.querySelectorAll("button[data-map]")) {
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll("button[data-map]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    for (const map of document.querySelectorAll(".map")) map.hidden = map.dataset.map !== button.dataset.map;
  });
}

document.getElementById("copy")?.addEventListener("click", async (event) => {
  const command = document.getElementById("command");
  getSelection().selectAllChildren(command);
  try {
    await navigator.clipboard.writeText(command.textContent);
    event.target.textContent = "Copied";
  } catch {
    event.target.textContent = "Selected";
  }
});

const PAPER_WIDTH = 686;  // CSS pixels between the margins of A4
const PAPER_HEIGHTS = { "chart-equity": 290, "chart-candles": 490, "chart-signals": 440 };

window.addEventListener("beforeprint", () => {
  setTheme("light");
  for (const chart of drawn) {
    chart.draw();
    const height = PAPER_HEIGHTS[chart.place.id] || chart.place.clientHeight;
    chart.place.style.minHeight = chart.place.style.height = `${height}px`;
    Plotly.relayout(chart.place, { width: PAPER_WIDTH, height });
  }
});
window.addEventListener("afterprint", () => {
  for (const chart of drawn) {
    if (chart.place.id in PAPER_HEIGHTS) chart.place.removeAttribute("style");
    Plotly.relayout(chart.place, { width: null, height: null, autosize: true });
  }
  redraw(preferredTheme());
});

addAll();
