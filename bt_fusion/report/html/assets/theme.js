// Light and dark: the style sheet holds the colours, charts take theirs from it.

const root = document.documentElement;
const darkPreferred = window.matchMedia("(prefers-color-scheme: dark)");
let chosenTheme = null;

function setTheme(theme) {
  root.dataset.theme = theme;
  const button = document.getElementById("theme");
  button.textContent = theme === "dark" ? "Light" : "Dark";
}

function preferredTheme() {
  return chosenTheme || (darkPreferred.matches ? "dark" : "light");
}

function colour(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}

function faded(name, share) {
  const [r, g, b] = colour(name).match(/\w\w/g).map((pair) => parseInt(pair, 16));
  return `rgba(${r},${g},${b},${share})`;
}

function axis(more) {
  return {
    gridcolor: colour("grid"), linecolor: colour("line"), zerolinecolor: colour("line"),
    tickcolor: colour("line"), zeroline: false, automargin: true, ...more,
  };
}

function titled(text) {
  return { text, font: { size: 12, color: colour("muted") }, standoff: 6 };
}

function layoutOf(more) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: colour("muted") },
    hoverlabel: {
      bgcolor: colour("surface"), bordercolor: colour("line"),
      font: { color: colour("ink"), family: getComputedStyle(document.body).fontFamily },
    },
    margin: { l: 56, r: 14, t: 8, b: 34 }, showlegend: false, modebar: {
      bgcolor: "rgba(0,0,0,0)", color: colour("muted"), activecolor: colour("on"),
    },
    legend: { orientation: "h", traceorder: "normal", x: 0, y: 1, yanchor: "bottom", font: { color: colour("ink") } },
    ...more,
  };
}

const narrow = window.matchMedia("(max-width: 640px)");
const coarse = window.matchMedia("(pointer: coarse)");

function configOf(more) {
  return {
    responsive: true, displaylogo: false, plotlyServerURL: "", showLink: false,
    showSendToCloud: false, typesetMath: false, doubleClick: false, displayModeBar: false, ...more,
  };
}
