"use strict";
// Draws, filters, sorts and prints the long lists. A list's rows stand in the page as JSON: every different text once, and
// the cells as places in it. Only the rows of one screen page are in the document; before a print all rows that match
// are, up to PRINTED, and a line above them says which rows these are. Texts reach the document as text, never as markup.
(function () {
  var PAGE = 100;
  // Some 200 sheets of A4: more is not read on paper, and Chromium gives up at a few thousand such rows.
  var PRINTED = 1000;
  document.querySelectorAll("section.list").forEach(function (section) { list(section); });

  function list(section) {
    var data = JSON.parse(section.querySelector("script").textContent);
    var width = data.width;
    var count = width ? data.cells.length / width : 0;
    var body = section.querySelector("tbody");
    var heads = Array.prototype.slice.call(section.querySelectorAll("thead th"));
    var classes = heads.map(function (head) { return head.className; });
    var search = section.querySelector("input");
    var selects = Array.prototype.slice.call(section.querySelectorAll("select"));
    var shown = section.querySelector(".shown");
    var printed = section.querySelector(".printed");
    var back = section.querySelector(".back");
    var next = section.querySelector(".next");
    var order = [];
    for (var row = 0; row < count; row += 1) { order.push(row); }
    var matching = order;
    var page = 0;
    var lower = null;

    function textOf(row, column) { return data.texts[data.cells[row * width + column]]; }
    function firstLine(text) { return text.split("\n", 1)[0]; }
    function fill(template, values) {
      return template.replace(/\{(\w+)\}/g, function (whole, name) { return name in values ? values[name] : whole; });
    }

    // For each option of a facet, which texts it stands for: worked out per text, not per row.
    var facets = data.facets.map(function (facet, place) {
      var options = new Map(facet.options.map(function (option, index) { return [option[0], index]; }));
      var optionOf = new Map();
      var totals = facet.options.map(function () { return 0; });
      for (var row = 0; row < count; row += 1) {
        var text = data.cells[row * width + facet.column];
        if (!optionOf.has(text)) { optionOf.set(text, options.get(firstLine(data.texts[text]))); }
        totals[optionOf.get(text)] += 1;
      }
      var select = selects[place];
      select.appendChild(option("", section.dataset.all));
      facet.options.forEach(function (words, index) {
        select.appendChild(option(String(index), words[1] + " (" + totals[index] + ")"));
      });
      return { column: facet.column, select: select, optionOf: optionOf, options: facet.options };
    });

    function option(value, words) {
      var element = document.createElement("option");
      element.value = value;
      element.textContent = words;
      return element;
    }

    function drawRows(from, to) {
      var rows = document.createDocumentFragment();
      for (var place = from; place < to; place += 1) {
        var line = document.createElement("tr");
        for (var column = 0; column < heads.length; column += 1) {
          var cell = document.createElement("td");
          cell.className = classes[column];
          if (column < width) { cell.textContent = textOf(matching[place], column); }
          line.appendChild(cell);
        }
        rows.appendChild(line);
      }
      body.replaceChildren(rows);
    }

    function show() {
      var last = Math.max(0, Math.ceil(matching.length / PAGE) - 1);
      page = Math.min(Math.max(page, 0), last);
      var from = page * PAGE;
      var to = Math.min(from + PAGE, matching.length);
      drawRows(from, to);
      back.disabled = page === 0;
      next.disabled = page === last;
      shown.textContent =
        fill(section.dataset.shown, { first: matching.length ? from + 1 : 0, last: to, count: matching.length, all: count });
    }

    // For each word, which texts hold it; a row matches if each word stands in one of its cells.
    function searchMarks() {
      var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      if (words.length && !lower) { lower = data.texts.map(function (text) { return text.toLowerCase(); }); }
      return words.map(function (word) {
        return Uint8Array.from(lower, function (text) { return text.indexOf(word) >= 0 ? 1 : 0; });
      });
    }

    function filter() {
      var marks = searchMarks();
      var chosen = facets.filter(function (facet) { return facet.select.value !== ""; });
      matching = order.filter(function (row) {
        var start = row * width;
        return chosen.every(function (facet) {
          return facet.optionOf.get(data.cells[start + facet.column]) === Number(facet.select.value);
        }) && marks.every(function (mark) {
          for (var column = 0; column < width; column += 1) { if (mark[data.cells[start + column]]) { return true; } }
          return false;
        });
      });
      page = 0;
      show();
    }

    // The place of every text of a column among the others: compared once per text, not once per pair of rows.
    function ranks(column) {
      var facet = facets.find(function (facet) { return facet.column === column; });
      var distinct = new Set();
      for (var row = 0; row < count; row += 1) { distinct.add(data.cells[row * width + column]); }
      var texts = Array.from(distinct);
      if (facet) {
        texts.sort(function (a, b) { return facet.optionOf.get(a) - facet.optionOf.get(b) || compareTexts(a, b); });
      } else if (classes[column] === "count") {
        texts.sort(function (a, b) { return figure(a) - figure(b); });
      } else {
        texts.sort(compareTexts);
      }
      var rank = new Uint32Array(data.texts.length);
      texts.forEach(function (text, place) { rank[text] = place; });
      return rank;
    }

    // Of a count or a percentage; blank is below all.
    function figure(text) {
      var number = parseFloat(data.texts[text]);
      return isNaN(number) ? -1 : number;
    }

    // By code point, as the lists themselves are sorted: the same order in every browser.
    function compareTexts(a, b) {
      return data.texts[a] < data.texts[b] ? -1 : data.texts[a] > data.texts[b] ? 1 : 0;
    }

    function sort(column) {
      var head = heads[column];
      var down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      var rank = column < width ? ranks(column) : null;
      order.sort(function (a, b) {
        var by = rank ? rank[data.cells[a * width + column]] - rank[data.cells[b * width + column]] : 0;
        return (down ? -by : by) || a - b;
      });
      filter();
    }

    function filterWords() {
      var words = facets.filter(function (facet) { return facet.select.value !== ""; }).map(function (facet) {
        return facet.options[Number(facet.select.value)][1];
      });
      if (search.value.trim()) { words.push(search.value.trim()); }
      return words.join(section.dataset.between);
    }

    function beforePrint() {
      var to = Math.min(matching.length, PRINTED);
      drawRows(0, to);
      var words = filterWords();
      var line = fill(to < matching.length ? section.dataset.part : section.dataset.printed,
        { last: to, count: matching.length, all: count });
      printed.textContent = (words ? fill(section.dataset.filter, { filter: words }) : "") + line;
    }

    var wait = 0;
    search.addEventListener("input", function () { clearTimeout(wait); wait = setTimeout(filter, 150); });
    selects.forEach(function (select) { select.addEventListener("change", filter); });
    section.querySelector(".clear").addEventListener("click", function () {
      search.value = "";
      selects.forEach(function (select) { select.value = ""; });
      filter();
    });
    section.querySelector(".print").addEventListener("click", function () { window.print(); });
    back.addEventListener("click", function () { page -= 1; show(); });
    next.addEventListener("click", function () { page += 1; show(); });
    heads.forEach(function (head, column) {
      head.querySelector("button").addEventListener("click", function () { sort(column); });
    });
    window.addEventListener("beforeprint", beforePrint);
    window.addEventListener("afterprint", show);
    show();
  }
})();
