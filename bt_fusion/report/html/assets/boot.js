"use strict";
// The theme at once; then a frame with all that needs no chart; then plotly and the charts.

document.documentElement.dataset.theme =
  window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

function start(name) {
  const stored = document.getElementById(name);
  const script = document.createElement("script");
  script.textContent = stored.textContent;
  stored.replaceWith(script);
}

requestAnimationFrame(() => setTimeout(() => {
  performance.mark("first-picture");
  start("plotly");
  start("charts");
}));
