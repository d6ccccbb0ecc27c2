// The window of time that equity and candles share.

const timeline = { range: [0, 1], whole: [0, 1], listeners: [] };

function milliseconds(value) {
  if (typeof value === "number") return value;
  return Date.parse(value.length > 10 ? `${value.replace(" ", "T")}Z` : value);
}

function setWhole(first, last) {
  timeline.whole = [first, last > first ? last : first + 60000];
  timeline.range = [...timeline.whole];
}

function showRange(from, to) {
  const [first, last] = timeline.whole;
  const width = Math.min(Math.max(to - from, 1), last - first);
  const start = Math.min(Math.max(from, first), last - width);
  timeline.range = [start, start + width];
  for (const draw of timeline.listeners) draw();
}

// A chart whose x axis is the timeline: what is zoomed in it is zoomed everywhere.
function follow(place, draw) {
  timeline.listeners.push(draw);
  place.on("plotly_relayout", (event) => {
    const from = event["xaxis.range[0]"] ?? event["xaxis.range"]?.[0];
    const to = event["xaxis.range[1]"] ?? event["xaxis.range"]?.[1];
    if (from !== undefined) showRange(milliseconds(from), milliseconds(to));
    else if (event["xaxis.autorange"]) showRange(...timeline.whole);
  });
  place.on("plotly_doubleclick", () => showRange(...timeline.whole));
}

const DAY = 86400000;
const SPANS = [["1 hour", DAY / 24], ["6 hours", DAY / 4], ["1 day", DAY], ["1 week", 7 * DAY],
  ["1 month", 30.4 * DAY], ["3 months", 91 * DAY], ["1 year", 365 * DAY], ["5 years", 1826 * DAY]];

function rangeButtons(place, time) {
  const usual = (time[time.length - 1] - time[0]) / Math.max(1, time.length - 1);
  const whole = timeline.whole[1] - timeline.whole[0];
  const spans = SPANS.filter(([, span]) => span >= 20 * usual && span < 0.9 * whole).slice(-5);
  const add = (text, act, label) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    if (label) button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    place.append(button);
  };
  const shift = (share) => {
    const [from, to] = timeline.range;
    showRange(from + share * (to - from), to + share * (to - from));
  };
  add("All", () => showRange(...timeline.whole), "Show the whole window");
  for (const [text, span] of spans) {
    add(text, () => {
      const middle = (timeline.range[0] + timeline.range[1]) / 2;
      const atEnd = timeline.range[1] >= timeline.whole[1];
      const to = atEnd ? timeline.whole[1] : middle + span / 2;
      showRange(to - span, to);
    });
  }
  add("\u2190", () => shift(-0.5), "Earlier");
  add("\u2192", () => shift(0.5), "Later");
}
