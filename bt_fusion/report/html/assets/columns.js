"use strict";
// Columns of the page's data, and what is drawn of them in a window.

const TYPES = { float32: Float32Array, float64: Float64Array, int8: Int8Array, uint16: Uint16Array };

function decode(column) {
  if (!column) return null;
  const bytes = Uint8Array.from(atob(column.data), (c) => c.charCodeAt(0));
  return new TYPES[column.dtype](bytes.buffer);
}

// First position whose value is not below `value`; `values` ascend.
function firstAtOrAfter(values, value) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

// Rows to draw of a window: the window and half of it on either side, so that panning shows what
// is there, in groups of `step` rows (a power of two) so that at most `most` groups are drawn.
// Groups begin at multiples of the step: they stay what they are while the window moves.
function grouping(time, range, most) {
  const width = range[1] - range[0];
  const from = firstAtOrAfter(time, range[0] - width / 2);
  const to = Math.min(time.length, firstAtOrAfter(time, range[1] + width / 2) + 1);
  let step = 1;
  while ((to - from) / step > most - 2) step *= 2;
  const start = Math.floor(from / step) * step;
  return { start, stop: to, step, count: Math.ceil((to - start) / step) };
}

function groupCandles(bars, groups) {
  const made = { x: [], open: [], high: [], low: [], close: [], bars: [] };
  const size = bars.size || 1, count = bars.count || bars.time.length;
  for (let row = groups.start; row < groups.stop; row += groups.step) {
    const end = Math.min(row + groups.step, groups.stop);
    let high = -Infinity, low = Infinity;
    for (let i = row; i < end; i++) {
      if (bars.high[i] > high) high = bars.high[i];
      if (bars.low[i] < low) low = bars.low[i];
    }
    made.x.push(bars.time[row]);
    made.open.push(bars.open[row]);
    made.high.push(high);
    made.low.push(low);
    made.close.push(bars.close[end - 1]);
    made.bars.push(Math.min(end * size, count) - row * size);
  }
  return made;
}

// Mean, least and greatest of each group; null where nothing is known. Values that are means of
// bars themselves bring the least and the greatest of these.
function groupValues(values, groups, lows = values, highs = values) {
  const made = { mean: [], low: [], high: [] };
  for (let row = groups.start; row < groups.stop; row += groups.step) {
    let sum = 0, known = 0, low = Infinity, high = -Infinity;
    for (let i = row; i < Math.min(row + groups.step, groups.stop); i++) {
      const value = values[i];
      if (Number.isNaN(value)) continue;
      sum += value;
      known += 1;
      if (lows[i] < low) low = lows[i];
      if (highs[i] > high) high = highs[i];
    }
    made.mean.push(known ? sum / known : null);
    made.low.push(known ? low : null);
    made.high.push(known ? high : null);
  }
  return made;
}

// A curve's least and greatest value of each group, in their order: no peak is lost.
function groupExtremes(time, values, groups) {
  const x = [], y = [];
  for (let row = groups.start; row < groups.stop; row += groups.step) {
    let low = row, high = row;
    for (let i = row; i < Math.min(row + groups.step, groups.stop); i++) {
      if (values[i] < values[low]) low = i;
      if (values[i] > values[high]) high = i;
    }
    const pair = low < high ? [low, high] : [high, low];
    for (const at of pair[0] === pair[1] ? [low] : pair) {
      x.push(time[at]);
      y.push(values[at]);
    }
  }
  return { x, y };
}

function drawdown(values) {
  const made = new Float32Array(values.length);
  let peak = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (values[i] > peak) peak = values[i];
    made[i] = values[i] / peak - 1;
  }
  return made;
}
