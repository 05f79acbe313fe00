"use strict";
(function () {
  const root = document.documentElement;
  const asked = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  const paint = () => { root.dataset.theme = chosen || (asked.matches ? "dark" : "light"); };
  paint();
  asked.addEventListener("change", paint);
  const theme = document.getElementById("theme");
  if (theme) {
    theme.addEventListener("click", () => {
      chosen = root.dataset.theme === "dark" ? "light" : "dark";
      paint();
    });
  }

  // A cell's value to sort by is in data-sort, else its text; numbers before words, nothing at the end.
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort === undefined ? cell.textContent.trim() : cell.dataset.sort;
  };
  const compare = (one, other) => {
    if (one === "" || other === "") return null;
    const [a, b] = [Number(one), Number(other)];
    if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b;
    return one.localeCompare(other, undefined, { numeric: true });
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
      const button = head.querySelector("button");
      if (!button) continue;
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        const first = head.classList.contains("number") ? "descending" : "ascending";
        const second = first === "ascending" ? "descending" : "ascending";
        const order = before === first ? second : first;
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
        rows.sort(([a], [b]) => {
          const found = compare(a, b);
          return found === null ? (a === "") - (b === "") : sign * found;
        });
        body.append(...rows.map(([, row]) => row));
      });
    }
  }

  // A table with a field to search in, and one to choose a state by.
  const words = document.getElementById("filter");
  const state = document.getElementById("state");
  const count = document.getElementById("count");
  if (words) {
    const rows = [...document.querySelectorAll("table.filtered tbody tr")];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const show = () => {
      const parts = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let seen = 0;
      rows.forEach((row, i) => {
        const fits = parts.every((part) => texts[i].includes(part)) && (!state || !state.value || row.dataset.state === state.value);
        row.hidden = !fits;
        seen += fits;
      });
      count.textContent = `${seen} of ${rows.length} shown`;
    };
    words.addEventListener("input", show);
    if (state) state.addEventListener("change", show);
    show();
  }
})();
