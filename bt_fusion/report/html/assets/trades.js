// The list of trades: filtered, sorted, a page at a time. A row shows its bars among the candles.

const ROWS = 50;  // in a page
const FEWEST_CANDLES = 60;  // around a trade that is picked
let picked = null;  // the trade shown among the candles

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const PRICE = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });

function signedText(value) {
  return `${value >= 0 ? "+" : ""}${WHOLE.format(value)}`;
}

function decodeTrades(raw) {
  const columns = Object.entries(raw ?? {}).filter(([key]) => key !== "reasons");
  return { reasons: raw?.reasons ?? [], ...Object.fromEntries(columns.map(([key, column]) => [key, decode(column)])) };
}

// Those of a symbol that are drawn in one way: 1 entries, 2 entries that ML skipped.
function marksOf(trades, symbol, drawn) {
  const rows = [];
  for (let i = 0; i < (trades.time?.length ?? 0); i++) {
    if (trades.drawn[i] === drawn && trades.symbol[i] === symbol) rows.push(i);
  }
  const pick = (key) => rows.map((i) => trades[key][i]);
  return Object.fromEntries(["time", "price", "exit_time", "exit_price", "side", "pnl"].map((key) => [key, pick(key)]));
}

// Heading, text of a row, value to sort by, and whether it is a number.
function tradeColumns(trades, data) {
  const share = (value) => (Number.isNaN(value) ? "-" : `${value >= 0 ? "+" : ""}${(100 * value).toFixed(2)} %`);
  const price = (values) => (i) => PRICE.format(values[i].toPrecision(7));
  const column = (head, text, value, number = true, money = false) => ({ head, text, value, number, money });
  const runs = data.runs.length > 1, many = data.symbols.length > 1;
  const names = data.symbols.map((symbol) => symbol.name);
  return [
    column("Entry", (i) => stampText(trades.time[i]), (i) => trades.time[i], false),
    ...(runs ? [column("Run", (i) => `ML ${data.runs[trades.run[i]]}`, (i) => trades.run[i], false)] : []),
    ...(many ? [column("Symbol", (i) => names[trades.symbol[i]], (i) => names[trades.symbol[i]], false)] : []),
    column("Side", (i) => (trades.side[i] > 0 ? "long" : "short"), (i) => -trades.side[i], false),
    column("Return", (i) => share(trades.gain[i]), (i) => trades.gain[i], true, true),
    column("Profit", (i) => signedText(trades.pnl[i]), (i) => trades.pnl[i], true, true),
    column("Bars", (i) => (Number.isNaN(trades.bars[i]) ? "-" : WHOLE.format(trades.bars[i])), (i) => trades.bars[i]),
    column("Probability", (i) => (Number.isNaN(trades.probability[i]) ? "-" : trades.probability[i].toFixed(3)), (i) => trades.probability[i]),
    column("Entry price", price(trades.price), (i) => trades.price[i]),
    column("Exit price", price(trades.exit_price), (i) => trades.exit_price[i]),
    column("Exit", (i) => stampText(trades.exit_time[i]) || "still open", (i) => trades.exit_time[i], false),
    column("Reason", (i) => trades.reasons[trades.reason[i]], (i) => trades.reasons[trades.reason[i]], false),
  ];
}

const RESULTS = {
  won: (trades, i) => !Number.isNaN(trades.exit_time[i]) && trades.pnl[i] > 0,
  lost: (trades, i) => !Number.isNaN(trades.exit_time[i]) && trades.pnl[i] <= 0,
  open: (trades, i) => Number.isNaN(trades.exit_time[i]),
};

// The rows that pass the filters; each word of the text must be somewhere in the row.
function filteredTrades(trades, form, textOf) {
  const { run = "", symbol = "", side = "", result = "", text = "" } = Object.fromEntries(new FormData(form));
  const words = text.toLowerCase().split(/\s+/).filter(Boolean), rows = [];
  for (let i = 0; i < trades.time.length; i++) {
    if (run !== "" && trades.run[i] !== Number(run)) continue;
    if (symbol !== "" && trades.symbol[i] !== Number(symbol)) continue;
    if (side !== "" && trades.side[i] !== Number(side)) continue;
    if (result !== "" && !RESULTS[result](trades, i)) continue;
    if (words.length && !words.every((word) => textOf(i).includes(word))) continue;
    rows.push(i);
  }
  return rows;
}

// Unknown values come last, whatever the direction; equal ones stay in order of entry.
function sortedTrades(rows, value, direction) {
  const unknown = (x) => Number.isNaN(x);
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (unknown(x) || unknown(y)) return unknown(x) - unknown(y) || a - b;
    return (x < y ? -direction : x > y ? direction : 0) || a - b;
  });
}

// Show a trade among the candles, with at least as much around it as it lasts.
function showTrade(trade, symbols) {
  picked = trade;
  symbols.pick(trade.symbol);
  const bars = symbols.bars();
  const exit = Number.isNaN(trade.exit_time) ? bars.last : trade.exit_time, middle = (trade.time + exit) / 2;
  const around = (size) => {
    const width = Math.max(3 * (exit - trade.time), FEWEST_CANDLES * size * bars.usual);
    return [middle - width / 2, middle + width / 2];
  };
  timeline.show(...(finest(bars, around(1)).size === 1 ? around(1) : around(bars.size)));
  sayPicked();
  document.getElementById("candles").scrollIntoView();
}

// Say which trade is marked among the candles; hidden where there is none.
function sayPicked() {
  const place = document.getElementById("picked-trade");
  place.hidden = !picked;
  place.querySelector("span").textContent = picked ? `Picked trade: ${picked.text}.` : "";
  for (const row of document.querySelectorAll("#trade-table tbody tr")) {
    row.classList.toggle("picked", Number(row.dataset.trade) === picked?.row);
  }
}

document.querySelector("#picked-trade button")?.addEventListener("click", () => {
  picked = null;
  sayPicked();
  timeline.show(...timeline.range);
});

function tradeList(trades, data, symbols) {
  const form = document.getElementById("trade-filters"), table = document.getElementById("trade-table");
  const columns = tradeColumns(trades, data), texts = [];
  const named = columns.filter((column) => !column.number);
  const textOf = (i) => (texts[i] ??= named.map((column) => column.text(i)).join(" ").toLowerCase());
  const state = { rows: [], page: 0, by: 0, direction: 1 };

  const pick = (i) => {
    const keys = ["time", "exit_time", "price", "exit_price", "side", "symbol"];
    const text = [`ML ${data.runs[trades.run[i]]}`, trades.side[i] > 0 ? "long" : "short", `entered ${stampText(trades.time[i])}`,
      Number.isNaN(trades.exit_time[i]) ? "still open" : `left ${stampText(trades.exit_time[i])} (${trades.reasons[trades.reason[i]]})`,
      `profit ${signedText(trades.pnl[i])}`].join(", ");
    showTrade({ ...Object.fromEntries(keys.map((key) => [key, trades[key][i]])), text, row: i }, symbols);
  };

  const rowOf = (i) => {
    const row = document.createElement("tr");
    row.dataset.trade = i;
    columns.forEach((column, k) => {
      const cell = document.createElement(k ? "td" : "th");
      if (column.number) cell.className = column.money && column.value(i) < 0 ? "number minus" : "number";
      if (k) cell.textContent = column.text(i);
      else {
        cell.scope = "row";
        const button = document.createElement("button");
        button.type = "button";
        button.className = "link";
        button.textContent = column.text(i);
        button.setAttribute("aria-label", `Show the trade of ${column.text(i)} among the candles`);
        cell.append(button);
      }
      row.append(cell);
    });
    if (picked?.row === i) row.className = "picked";
    row.addEventListener("click", () => pick(i));
    return row;
  };

  const showPage = () => {
    const { rows } = state, pages = Math.max(1, Math.ceil(rows.length / ROWS));
    state.page = Math.min(Math.max(0, state.page), pages - 1);
    const first = state.page * ROWS, shown = rows.slice(first, first + ROWS);
    table.tBodies[0].replaceChildren(...shown.map(rowOf));
    const closed = rows.filter((i) => !RESULTS.open(trades, i)), won = closed.filter((i) => trades.pnl[i] > 0).length;
    const profit = rows.reduce((sum, i) => sum + trades.pnl[i], 0);
    const number = (value) => WHOLE.format(value);
    const place = rows.length ? `Rows ${number(first + 1)} to ${number(first + shown.length)} of ` : "";
    document.getElementById("trade-count").textContent = `${place}${number(rows.length)} trades, ${number(won)} won, profit ${signedText(profit)}.`;
    const buttons = document.getElementById("trade-pages").children;
    for (const [k, button] of [...buttons].entries()) button.disabled = k < 2 ? state.page === 0 : state.page === pages - 1;
  };

  const showHead = () => {
    for (const [k, head] of [...table.tHead.rows[0].cells].entries()) {
      head.setAttribute("aria-sort", k !== state.by ? "none" : state.direction > 0 ? "ascending" : "descending");
    }
  };

  const update = () => {
    state.rows = sortedTrades(filteredTrades(trades, form, textOf), columns[state.by].value, state.direction);
    state.page = 0;
    showHead();
    showPage();
  };

  columns.forEach((column, k) => {
    const head = document.createElement("th"), button = document.createElement("button");
    head.scope = "col";
    if (column.number) head.className = "number";
    button.type = "button";
    button.className = "link";
    button.textContent = column.head;
    button.addEventListener("click", () => {
      state.direction = state.by === k ? -state.direction : column.number ? -1 : 1;
      state.by = k;
      update();
    });
    head.append(button);
    table.tHead.rows[0].append(head);
  });
  const turn = { "First": () => 0, "Previous": (page) => page - 1, "Next": (page) => page + 1, "Last": () => Infinity };
  for (const [text, to] of Object.entries(turn)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => {
      state.page = to(state.page);
      showPage();
    });
    document.getElementById("trade-pages").append(button);
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", update);
  update();
}
