"use strict";
/* The decision log: a click on a row moves the playhead there, filters and search choose the rows, and the row at the
   playhead is marked.

   Only some rows are in the page at a time, because a long run has tens of thousands. */

const ROWS_AT_A_TIME = 200;
const ROWS_PRINTED = 1000;
const SEARCH_AFTER_MS = 120;

/* Reads an entry from its fields. */
function readEntry([ms, kind, place, what, status, tone, why = [], moved = [], whyNot = []]) {
  return { ms, kind, place, what, status, tone, why, moved, whyNot };
}

function wordsOf(entry) {
  const lost = entry.whyNot.map(([state, reason]) => `not ${state}: ${reason}`);
  const parts = [clockText(entry.ms), entry.place, entry.kind, entry.what, entry.moved.join(" → "), ...entry.why, ...lost, entry.status];
  return parts.join("\n").toLowerCase();
}

function element(name, { className = "", text = "" } = {}, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function rowOf(entry) {
  const moved = element("td", { className: "moved" });
  if (entry.moved.length) moved.append(`${entry.moved[0]} → `, element("b", { text: entry.moved[1] }));
  const why = element("td", { className: "why" }, ...entry.why.map((reason) => element("div", { text: reason })));
  if (entry.whyNot.length) {
    const lost = element("div", { className: "why-not" });
    entry.whyNot.forEach(([state, reason], index) => {
      lost.append(index ? "; " : "", element("span", {}, "not ", element("b", { text: state }), `: ${reason}`));
    });
    why.append(lost);
  }
  const row = element("tr", {},
    element("td", { className: "time", text: clockText(entry.ms) }),
    element("td", { className: "time", text: entry.place }),
    element("td", {}, element("span", { className: "kind", text: entry.kind }), " ", element("span", { className: "what", text: entry.what })),
    moved, why,
    element("td", {}, element("span", { className: `status ${entry.tone}`, text: entry.status })));
  row.dataset.kind = entry.kind;
  row.dataset.seek = entry.ms;
  row.tabIndex = 0;
  return row;
}

function makeTable(seek, following) {
  const entries = JSON.parse(document.getElementById("log-json").textContent).map(readEntry);
  const body = document.querySelector(".log tbody"), pager = document.getElementById("pager");
  const buttons = [...document.querySelectorAll(".filters button")], search = document.getElementById("search");
  let found = [], times = [], first = 0, current = -1, now = 0, words = null;

  function choose() {
    const kinds = new Set(buttons.filter((one) => one.getAttribute("aria-pressed") === "true").map((one) => one.dataset.kind));
    const query = search.value.trim().toLowerCase();
    if (query && !words) words = entries.map(wordsOf);
    found = entries.filter((entry, index) => kinds.has(entry.kind) && (!query || words[index].includes(query)));
    times = found.map((entry) => entry.ms);
    current = indexAfter(times, now + 0.5) - 1;
    // A search starts at its first match; a filter stays at the playhead.
    showFrom(query ? 0 : current);
  }

  function showFrom(index) {
    first = Math.max(0, Math.min(index, found.length - 1));
    first -= first % ROWS_AT_A_TIME;
    fill(first, first + ROWS_AT_A_TIME);
  }

  function fill(begin, end) {
    body.replaceChildren(...found.slice(begin, end).map(rowOf));
    const last = Math.min(end, found.length);
    pager.hidden = found.length <= ROWS_AT_A_TIME;
    document.getElementById("rows-shown").textContent = `${begin + 1}–${last} of ${found.length}`;
    const left = document.getElementById("rows-left");
    left.hidden = found.length > 0 && last - begin === found.length;
    left.textContent = found.length ? `Rows ${begin + 1} to ${last} of ${found.length}.` : "No entry matches.";
    paint();
  }

  function paint() {
    body.querySelector(".current")?.classList.remove("current");
    body.children[current - first]?.classList.add("current");
  }

  function go(event) {
    const row = event.target.closest("tr");
    if (row) seek(Number(row.dataset.seek));
  }
  body.addEventListener("click", (event) => { if (!String(getSelection())) go(event); });
  body.addEventListener("keydown", (event) => { if (event.key === "Enter") go(event); });
  for (const link of document.querySelectorAll("a[data-seek]")) {
    link.addEventListener("click", (event) => { event.preventDefault(); seek(Number(link.dataset.seek)); });
  }
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      choose();
    });
  }
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(choose, SEARCH_AFTER_MS); });
  const pages = {
    first: () => 0,
    previous: () => first - ROWS_AT_A_TIME,
    next: () => first + ROWS_AT_A_TIME,
    last: () => found.length - 1,
  };
  pager.addEventListener("click", (event) => {
    const page = event.target.closest("button")?.dataset.page;
    if (page) showFrom(pages[page]());
  });
  addEventListener("beforeprint", () => fill(first, first + ROWS_PRINTED));
  addEventListener("afterprint", () => showFrom(first));
  choose();

  return (ms) => {
    now = ms;
    const index = indexAfter(times, ms + 0.5) - 1;
    if (index === current) return;
    current = index;
    const here = index >= first && index < first + ROWS_AT_A_TIME;
    if (!here && index >= 0 && following()) showFrom(index);
    else paint();
  };
}
