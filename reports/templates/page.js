"use strict";
(function () {
  // Sorting: a button in each heading; rows move inside their own group, what has no value stays last.
  document.querySelectorAll("table[data-sortable]").forEach(function (table) {
    var headings = Array.from(table.tHead.rows[0].children);
    headings.forEach(function (heading, column) {
      if (heading.tagName !== "TH" || heading.classList.contains("unsorted")) return;
      var button = document.createElement("button");
      button.type = "button";
      while (heading.firstChild) button.appendChild(heading.firstChild);
      heading.appendChild(button);
      button.addEventListener("click", function () {
        var down = heading.getAttribute("aria-sort") === "ascending";
        headings.forEach(function (other) { other.removeAttribute("aria-sort"); });
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        Array.from(table.tBodies).forEach(function (body) { order(body, column, down ? -1 : 1); });
      });
    });
  });
  function order(body, column, sign) {
    var rows = Array.from(body.rows).filter(function (row) { return !row.classList.contains("group"); });
    rows.sort(function (a, b) {
      var x = text(a.cells[column]), y = text(b.cells[column]);
      if (x === "" || y === "") return (x === "") - (y === "");
      var number = Number(x) - Number(y);
      return sign * (Number.isNaN(number) ? x.localeCompare(y, "en-GB", { numeric: true }) : number);
    });
    rows.forEach(function (row) { body.appendChild(row); });
  }
  function text(cell) {
    return cell.hasAttribute("data-value") ? cell.getAttribute("data-value") : cell.textContent.trim();
  }
  // Searching: every word typed must be somewhere in the indicator's code, name, priority or partner.
  var box = document.querySelector(".search");
  if (!box) return;
  var input = box.querySelector("input"), told = box.querySelector("[role=status]");
  var all = Array.from(document.querySelectorAll("[data-find]")), rows = all.filter(function (item) { return item.hasAttribute("data-counts"); });
  box.hidden = false;
  input.addEventListener("input", function () {
    var wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    all.forEach(function (item) {
      var has = item.getAttribute("data-find");
      item.hidden = !wanted.every(function (word) { return has.includes(word); });
    });
    document.querySelectorAll("[data-finds]").forEach(function (group) {
      group.hidden = wanted.length > 0 && !group.querySelector("[data-find]:not([hidden])");
    });
    var left = rows.filter(function (row) { return !row.hidden; }).length;
    told.textContent = wanted.length ? left + " of " + rows.length + " " + (told.dataset.of || "indicators") + " shown" : "";
  });
})();
