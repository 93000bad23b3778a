"use strict";
// Search, sort and page through the long tables. Rows that match but stand on another page are hidden on screen only
// (class "later"); a print shows all rows that match.
(function () {
  var PAGE = 200;
  document.querySelectorAll("section.list").forEach(function (section) {
    var body = section.querySelector("tbody");
    var rows = Array.prototype.slice.call(body.rows);
    var search = section.querySelector("input");
    var shown = section.querySelector(".shown");
    var heads = Array.prototype.slice.call(section.querySelectorAll("th"));
    var page = 0;
    var matching = rows;
    function show() {
      var last = Math.max(0, Math.ceil(matching.length / PAGE) - 1);
      page = Math.min(Math.max(page, 0), last);
      rows.forEach(function (row) { row.className = "off"; });
      matching.forEach(function (row, place) {
        row.className = Math.floor(place / PAGE) === page ? "" : "later";
      });
      var first = matching.length ? page * PAGE + 1 : 0;
      shown.textContent = first + "–" + Math.min((page + 1) * PAGE, matching.length) + " / " + matching.length;
    }
    function filter() {
      var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      matching = rows.filter(function (row) {
        var text = row.textContent.toLowerCase();
        return words.every(function (word) { return text.indexOf(word) >= 0; });
      });
      page = 0;
      show();
    }
    function sort(head, column) {
      var down = head.classList.contains("up");
      heads.forEach(function (other) { other.classList.remove("up", "down"); });
      head.classList.add(down ? "down" : "up");
      var numeric = head.classList.contains("count");
      var keyed = rows.map(function (row, place) {
        var text = row.cells[column].textContent;
        return { row: row, place: place, key: numeric ? Number(text) : text };
      });
      keyed.sort(function (a, b) {
        var order = numeric ? a.key - b.key : a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
        return (down ? -order : order) || a.place - b.place;
      });
      rows = keyed.map(function (entry) { return entry.row; });
      var all = document.createDocumentFragment();
      rows.forEach(function (row) { all.appendChild(row); });
      body.appendChild(all);
      filter();
    }
    var wait = 0;
    search.addEventListener("input", function () { clearTimeout(wait); wait = setTimeout(filter, 150); });
    section.querySelector(".back").addEventListener("click", function () { page -= 1; show(); });
    section.querySelector(".next").addEventListener("click", function () { page += 1; show(); });
    heads.forEach(function (head, column) { head.addEventListener("click", function () { sort(head, column); }); });
    show();
  });
})();
