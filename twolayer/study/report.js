"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent), PAGE = 50;
const at = id => document.getElementById(id);
// A row: instance, statement, form, verdict, nodes, measured, bound, why, [shape, values...].
const rows = data.rows.map(r => ({
  instance: data.instances[r[0]], statement: data.statements[r[1]], form: data.forms[r[2]],
  verdict: data.verdicts[r[3]], nodes: data.nodes[r[4]], measured: r[5], bound: r[6], why: data.whys[r[7]],
  terms: r[8]}));
for (const r of rows) r.ratio = r.measured !== null && r.bound > 0 ? r.measured / r.bound : null;
const filters = ["statement", "form", "verdict", "family"], fields = [...filters, "search"];
const WORST = {key: "ratio", down: true};  // the order in which the rows begin
const COLUMNS = ["statement", "form", "verdict", "bound", "measured", "ratio", "nodes", "instance", "why"];
let shown = rows, page = 0, order = WORST;
// The page may be sent without its folder: instances come from the page itself.
const files = new Map(data.texts.map((text, i) => [data.instances[i][2], new Blob([text], {type: "application/json"})]));
function lead(link, file) {
  link.href = URL.createObjectURL(files.get(file));
  link.download = file.split("/").pop();
}
for (const link of document.querySelectorAll('a[href^="instances/"]')) lead(link, link.getAttribute("href"));

function number(x) {
  if (x === null) return "–";
  if (typeof x !== "number") return String(x);
  const size = Math.abs(x);
  if (x === 0 || Number.isInteger(x) && size < 1e5) return String(x);
  return size >= 1e-3 && size < 1e4 ? x.toPrecision(4) : x.toExponential(3);
}
function element(name, text, kind) {
  const node = document.createElement(name);
  if (text !== undefined) node.textContent = text;
  if (kind) node.className = kind;
  return node;
}
function explained(r) {
  const cell = element("td", undefined, "text"), details = element("details"), [shape, ...values] = r.terms;
  if (!values.length) { cell.textContent = r.why; return cell; }
  details.append(element("summary", r.why));
  details.addEventListener("toggle", () => {
    if (details.childElementCount > 1) return;
    const shown = value => [].concat(value).map(number).join(", ");
    const text = data.shapes[shape].map((key, i) => key + " = " + shown(values[i]));
    details.append(element("div", text.join("; ")));
  });
  cell.append(details);
  return cell;
}
function line(r) {
  const row = element("tr"), link = element("a", r.instance[0]), home = element("td", undefined, "name");
  lead(link, r.instance[2]);
  home.append(link);
  row.append(element("td", r.statement, "word"), element("td", r.form, "word"),
    element("td", r.verdict, "word " + r.verdict),
    ...[r.bound, r.measured, r.ratio].map(x => element("td", number(x), "number")),
    element("td", r.nodes, "word"), home, explained(r));
  return row;
}
function matches(r, wanted, words) {
  for (const key of filters) {
    if (wanted[key] && (key === "family" ? r.instance[1] : r[key]) !== wanted[key]) return false;
  }
  if (!words.length) return true;
  if (r.text === undefined) {
    r.text = [r.instance[0], r.statement, r.form, r.verdict, r.nodes, r.why].join(" ").toLowerCase();
  }
  return words.every(word => r.text.includes(word));
}
// What a heading sorts by. A bound of 0 or less that is not met is the worst ratio; what has no number comes last.
const value = Object.fromEntries(["statement", "form", "verdict", "nodes", "why", "measured", "bound"].map(key => [key, r => r[key]]));
value.instance = r => r.instance[0];
value.ratio = r => r.ratio !== null ? r.ratio : r.bound !== null && r.measured > r.bound ? Infinity : null;
function sort(list, of, down) {
  const compared = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b, undefined, {numeric: true});
  const keyed = list.map(x => [of(x), x]), last = pair => pair[0] === null || Number.isNaN(pair[0]);
  keyed.sort((a, b) => last(a) || last(b) ? last(a) - last(b) : down ? compared(b[0], a[0]) : compared(a[0], b[0]));
  keyed.forEach((pair, i) => { list[i] = pair[1]; });
}
// Filters and order stand in the address, so that it can be kept and sent.
function remember() {
  const kept = new URLSearchParams(fields.map(key => [key, at(key).value]).filter(pair => pair[1]));
  if (order.key !== WORST.key || order.down !== WORST.down) kept.set("sort", (order.down ? "-" : "") + order.key);
  if (String(kept)) history.replaceState(null, "", "#all-rows?" + kept);
  else if (location.hash.startsWith("#all-rows?")) history.replaceState(null, "", "#all-rows");
}
function recall() {
  if (!location.hash.startsWith("#all-rows?")) return false;
  const kept = new URLSearchParams(location.hash.slice("#all-rows?".length)), key = (kept.get("sort") || "").replace("-", "");
  for (const field of fields) at(field).value = kept.get(field) || "";
  for (const field of filters) if (at(field).selectedIndex < 0) at(field).value = "";
  order = key in value ? {key, down: kept.get("sort").startsWith("-")} : WORST;
  return true;
}
function select() {
  const wanted = Object.fromEntries(filters.map(key => [key, at(key).value]));
  const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  shown = rows.filter(r => matches(r, wanted, words));
  sort(shown, value[order.key], order.down);
  remember();
  page = 0;
  draw();
}
function draw() {
  const pages = Math.max(1, Math.ceil(shown.length / PAGE)), start = page * PAGE;
  [...at("rows").tHead.rows[0].cells].forEach((cell, i) => mark(cell, order.key === COLUMNS[i] ? order.down : null));
  at("rows").tBodies[0].replaceChildren(...shown.slice(start, start + PAGE).map(line));
  at("count").textContent = shown.length
    ? `${start + 1} to ${Math.min(start + PAGE, shown.length)} of ${shown.length} rows` : "no row";
  at("back").disabled = page === 0;
  at("next").disabled = page >= pages - 1;
}
function turn(step) { page += step; draw(); at("rows").parentNode.scrollTop = 0; }

for (const key of filters) {
  const values = key === "family" ? data.families : data[key + "s"];
  for (const value of values) at(key).append(element("option", value));
  at(key).addEventListener("change", select);
}
// Every heading is a button that sorts its table, and again, the other way round.
function mark(cell, down) {
  if (down === null) cell.removeAttribute("aria-sort");
  else cell.setAttribute("aria-sort", down ? "descending" : "ascending");
}
function read(cell) {
  if (!cell.classList.contains("number")) return cell.textContent;
  return cell.textContent.trim() ? Number(cell.textContent.replaceAll(",", "").replace("·", "0")) : null;
}
for (const table of document.querySelectorAll("table")) {
  const cells = [...table.tHead.rows[0].cells];
  cells.forEach((cell, i) => {
    const button = element("button", cell.textContent);
    button.type = "button";
    cell.replaceChildren(button);
    button.addEventListener("click", () => {
      const numeric = cell.classList.contains("number"), now = cell.getAttribute("aria-sort");
      const down = now ? now === "ascending" : numeric;  // numbers begin with the largest
      if (table.id === "rows") { order = {key: COLUMNS[i], down}; select(); return; }
      const lines = [...table.tBodies[0].rows];
      sort(lines, line => read(line.cells[i]), down);
      table.tBodies[0].append(...lines);
      for (const other of cells) mark(other, other === cell ? down : null);
    });
  });
}
let waiting;
at("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(select, 120); });
at("back").addEventListener("click", () => turn(-1));
at("next").addEventListener("click", () => turn(1));
at("clear").addEventListener("click", () => {
  for (const key of fields) at(key).value = "";
  order = WORST;
  select();
});
for (const button of document.querySelectorAll("button[data-search]")) {
  button.addEventListener("click", () => {
    for (const key of filters) at(key).value = button.dataset[key] || "";
    at("search").value = button.dataset.search;
    select();
    at("all-rows").scrollIntoView();
  });
}
function arrive() { if (recall()) { select(); at("all-rows").scrollIntoView(); return true; } return false; }
window.addEventListener("hashchange", arrive);
if (!arrive()) select();
})();
