// Windows of time, each shared by the charts that follow it.

function milliseconds(value) {
  if (typeof value === "number") return value;
  return Date.parse(value.length > 10 ? `${value.replace(" ", "T")}Z` : value);
}

// A time as "2024-01-31 09:30", a midnight as the day alone, nothing where there is none.
function stampText(time) {
  if (Number.isNaN(time)) return "";
  const [day, clock] = new Date(time).toISOString().slice(0, 19).split("T");
  return clock === "00:00:00" ? day : `${day} ${clock.replace(/:00$/, "")}`;
}

class Timeline {
  constructor() {
    this.range = [0, 1];
    this.whole = [0, 1];
    this.home = null;  // a window to come back to: { text, range }
    this.listeners = [];
  }

  setWhole(first, last) {
    this.whole = [first, last > first ? last : first + 60000];
    this.range = [...this.whole];
  }

  show(from, to) {
    const [first, last] = this.whole;
    const width = Math.min(Math.max(to - from, 1), last - first);
    const start = Math.min(Math.max(from, first), last - width);
    this.range = [start, start + width];
    for (const draw of this.listeners) draw();
  }

  // A chart whose x axis is this window: what is zoomed in it is zoomed in all that follow.
  follow(place, draw) {
    this.listeners.push(draw);
    place.on("plotly_relayout", (event) => {
      const from = event["xaxis.range[0]"] ?? event["xaxis.range"]?.[0];
      const to = event["xaxis.range[1]"] ?? event["xaxis.range"]?.[1];
      if (from !== undefined) this.show(milliseconds(from), milliseconds(to));
      else if (event["xaxis.autorange"]) this.show(...this.whole);
    });
    place.on("plotly_doubleclick", () => this.show(...this.whole));
  }
}

const timeline = new Timeline();  // of equity and candles

const DAY = 86400000;
const SPANS = [["1 hour", DAY / 24], ["6 hours", DAY / 4], ["1 day", DAY], ["1 week", 7 * DAY],
  ["1 month", 30.4 * DAY], ["3 months", 91 * DAY], ["1 year", 365 * DAY], ["5 years", 1826 * DAY]];

// `usual` is the distance of bars.
function rangeButtons(place, timeline, usual) {
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
    timeline.show(from + share * (to - from), to + share * (to - from));
  };
  place.replaceChildren();
  if (timeline.home) add(timeline.home.text, () => timeline.show(...timeline.home.range));
  add("All", () => timeline.show(...timeline.whole), "Show the whole window");
  for (const [text, span] of spans) {
    add(text, () => {
      const middle = (timeline.range[0] + timeline.range[1]) / 2;
      const atEnd = timeline.range[1] >= timeline.whole[1];
      const to = atEnd ? timeline.whole[1] : middle + span / 2;
      timeline.show(to - span, to);
    });
  }
  add("\u2190", () => shift(-0.5), "Earlier");
  add("\u2192", () => shift(0.5), "Later");
}
