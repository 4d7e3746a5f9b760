"use strict";
/* The table of what happened: rows lead to their moment, filters hide kinds, the playhead marks where it is. */

function makeTable(seek) {
  const rows = [...document.querySelectorAll(".ledger tbody tr")];
  const times = rows.map((row) => Number(row.dataset.seek));
  let current = -1;

  for (const row of rows) {
    row.addEventListener("click", () => { if (!String(getSelection())) seek(Number(row.dataset.seek)); });
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") seek(Number(row.dataset.seek)); });
  }
  for (const link of document.querySelectorAll("a[data-seek]")) {
    link.addEventListener("click", (event) => { event.preventDefault(); seek(Number(link.dataset.seek)); });
  }
  for (const button of document.querySelectorAll(".filters button")) {
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      for (const row of rows) if (row.dataset.kind === button.dataset.kind) row.hidden = !shown;
    });
  }

  return (ms) => {
    const index = indexAfter(times, ms + 0.5) - 1;
    if (index === current) return;
    rows[current]?.classList.remove("current");
    rows[index]?.classList.add("current");
    current = index;
  };
}
