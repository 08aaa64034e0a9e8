// A table that is sorted by its headings and narrowed by words.
"use strict";
(() => {
  const table = document.getElementById("slides");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows];
  const words = document.getElementById("words"), count = document.getElementById("count");
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, column) => {
    const cell = row.cells[column], given = cell.dataset.value;
    if (given === undefined) return cell.textContent.trim();
    return given === "" ? NaN : Number(given);
  };
  const compare = (a, b) => {
    if (typeof a === "string") return a.localeCompare(b, undefined, { numeric: true });
    return a - b;
  };
  const sort = (column, down) => {
    const sorted = [...rows].sort((one, other) => {
      const a = value(one, column), b = value(other, column);
      const unknown = Number(Number.isNaN(a)) - Number(Number.isNaN(b)); // not known is last, either way
      return unknown || (down ? -compare(a, b) : compare(a, b)) || rows.indexOf(one) - rows.indexOf(other);
    });
    heads.forEach((head, index) => {
      if (head.hasAttribute("aria-sort")) head.setAttribute("aria-sort", index === column ? (down ? "descending" : "ascending") : "none");
    });
    body.append(...sorted);
  };
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    if (button) button.addEventListener("click", () => {
      const first = head.classList.contains("n") ? "descending" : "ascending";
      const state = head.getAttribute("aria-sort");
      sort(column, state === "none" ? first === "descending" : state === "ascending");
    });
  });
  const narrow = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word));
      shown += Number(!row.hidden);
    }
    count.textContent = shown === rows.length ? `${rows.length} slides` : `${shown} of ${rows.length} slides`;
  };
  words.addEventListener("input", narrow);
  document.getElementById("narrow").hidden = false;
  narrow();
})();
