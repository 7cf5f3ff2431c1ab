"use strict";
(() => {
  // Tables sort by the column whose heading is pressed; numbers by size, text by the alphabet,
  // missing values last. Without this script they stand in their first order.
  const said = document.getElementById("said");
  const number = (key) => (key === "" ? null : Number(key));
  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    headings.forEach((heading, place) => {
      heading.addEventListener("click", () => {
        const text = heading.classList.contains("text");
        const up = heading.hasAttribute("aria-sort") ? heading.getAttribute("aria-sort") === "descending" : text || heading.classList.contains("rank");
        const sign = up ? 1 : -1;
        const rows = [...body.rows].map((row, at) => ({ row, at, key: row.cells[place].dataset.key }));
        rows.sort((one, other) => {
          if (one.key === "" || other.key === "") return (one.key === "") - (other.key === "") || one.at - other.at;
          const gap = text ? one.key.localeCompare(other.key, undefined, { numeric: true }) : number(one.key) - number(other.key);
          return sign * gap || one.at - other.at;
        });
        body.append(...rows.map(({ row }) => row));
        headings.forEach((each) => each.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", up ? "ascending" : "descending");
        said.textContent = `Sorted by ${heading.querySelector("button").firstChild.textContent}, ${up ? "ascending" : "descending"}`;
      });
    });
  }
})();
