"""The page around a report: its shell, tables, inlined figures, style and script. Nothing is fetched.

Every piece of text goes through `escaped` on its way into HTML and through `embedded` on its way into the
script's data; the script writes text nodes only.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from typing import Any

from ..drawing import in_page
from ..plotting import COLOUR, GRID, INK, PAPER, SHADE
from ..statements.verdict import NOT_APPLICABLE, VACUOUS

# Colours that a dark page replaces: every colour of a figure, as a variable of the style sheet.
VARIABLES = {
    INK: "ink",
    PAPER: "figure",
    GRID: "grid",
    **{colour: form for form, colour in COLOUR.items()},
    SHADE[VACUOUS]: "vacuous",
    SHADE[NOT_APPLICABLE]: "absent",
}


class Markup(str):
    """HTML that needs no escaping any more."""


def escaped(value: Any) -> Markup:
    """A value as HTML text, or as the value of a quoted attribute."""
    return value if isinstance(value, Markup) else Markup(html.escape(str(value), quote=True))


def tag(name: str, *children: Any, **attributes: Any) -> Markup:
    """An element; a trailing underscore of an attribute's name is dropped (class_), others become hyphens."""
    named = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    written = "".join(f' {key}="{escaped(value)}"' for key, value in named)
    return Markup(f"<{name}{written}>{''.join(map(escaped, children))}</{name}>")


def table(
    columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]], *, tall: bool = False, **attributes: Any
) -> Markup:
    """A table in a box of its own that scrolls; a tall one is cut to the screen's height.

    columns  (heading, kind), kind being name (may break), word (may not), number (right) or text (wide)
    """
    head = tag("tr", *(tag("th", heading, scope="col", class_=kind) for heading, kind in columns))
    body = [tag("tr", *(tag("td", cell, class_=kind) for cell, (_, kind) in zip(row, columns, strict=True))) for row in rows]
    inner = tag("table", tag("thead", head), tag("tbody", *body), **attributes)
    return tag("div", inner, class_="scroll tall" if tall else "scroll", tabindex="0")


def figure(svg: str, alt: str) -> Markup:
    """A figure's SVG inside the page, in the page's colours and fonts, as wide as there is room."""
    return Markup(in_page(svg, alt, VARIABLES))


def embedded(data: Any) -> Markup:
    """Data for the script as JSON inside an element that browsers neither run nor render."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json" id="data">{text}</script>')


def document(title: str, body: Iterable[Any], data: Any) -> str:
    """The whole page."""
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            tag("title", title),
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            *(escaped(part) for part in body),
            embedded(data),
            f"<script>{SCRIPT}</script>",
            "</body>",
            "</html>",
            "",
        )
    )


STYLE = """
:root{--ink:#1b1b20;--soft:#5a5a66;--paper:#fbfbfc;--card:#fff;--figure:none;--line:#dcdce2;--grid:#dcdce2;--link:#00568a;
--printed:#d55e00;--repaired:#0072b2;--sharp:#009e73;--vacuous:#a0a0aa;--absent:#cdcdd6;
--good:#00694c;--bad:#a83e00;--wait:#7a5300}
@media (prefers-color-scheme:dark){:root{--ink:#ececf1;--soft:#a9a9b6;--paper:#131318;--card:#1b1b22;
--line:#34343f;--grid:#34343f;--link:#7cc4f0;--printed:#f0813a;--repaired:#56b4e9;--sharp:#35c79a;--vacuous:#7c7c88;--absent:#44444f;
--good:#4fd3a6;--bad:#ff9a5c;--wait:#f0b840}}
*{box-sizing:border-box}
body{margin:0 auto;padding:16px;max-width:1200px;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:break-word}
h1{font-size:1.6rem;line-height:1.2;margin:.4em 0}
h2{font-size:1.25rem;margin:2.2em 0 .5em;padding-top:.6em;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.6em 0 .4em}
p,dl{max-width:46rem}
.soft,figcaption,.hint{color:var(--soft)}
figcaption,.hint{font-size:.9rem;max-width:46rem}
a{color:var(--link)}
nav a{display:inline-block;margin:.15em 1em .15em 0}
dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.2em 1em}
dt{font-weight:600}dd{margin:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:1.2em 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}
.tile b{display:block;font-size:1.5rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tile span{font-size:.85rem;color:var(--soft)}
.alarm{border:2px solid var(--bad);border-radius:8px;padding:10px 14px}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px;background:var(--card);margin:.6em 0}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:.86rem}
th,td{padding:5px 10px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{vertical-align:bottom;color:var(--soft);font-weight:600;position:sticky;top:0;background:var(--card)}
tbody tr:last-child td{border-bottom:0}
.tall{max-height:min(75vh,46rem);overflow-y:auto}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
thead .number{white-space:normal}
.word{white-space:nowrap}.name{min-width:11rem}.text{min-width:14rem}
@media (min-width:1000px){.name{min-width:15.5rem}}
.pictures{display:flex;flex-wrap:wrap;gap:12px}
.pictures>div{flex:1 1 min(330px,100%);max-width:470px;padding:8px;background:var(--card);
border:1px solid var(--line);border-radius:8px}
figure{margin:0 0 1.5em}figcaption{margin-top:.5em}
svg{display:block;width:100%;height:auto}
svg text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif!important}
.holds{color:var(--good)}.fails{color:var(--bad);font-weight:700}.undecided{color:var(--wait);font-weight:600}
.vacuous,.not-applicable,.none{color:var(--soft)}
.filters{display:grid;grid-template-columns:repeat(auto-fit,minmax(145px,1fr));gap:8px;margin:.8em 0}
.filters label{display:block;font-size:.8rem;color:var(--soft)}
select,input,button{font:inherit;font-size:.95rem;color:var(--ink);background:var(--card);
border:1px solid var(--line);border-radius:6px;padding:6px 8px;min-height:38px}
select,input{width:100%}
button{cursor:pointer}button:disabled{opacity:.4;cursor:default}
.pager{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
details>summary{cursor:pointer}
td details div{margin:.2em 0;color:var(--soft)}
:focus-visible{outline:2px solid var(--link);outline-offset:1px}
@media (max-width:600px){body{padding:12px}th,td{padding:4px 7px}.pictures>div{padding:4px}}
@media (prefers-color-scheme:dark){svg image{filter:brightness(1.7)}}
@media print{nav,.filters,.pager,button{display:none}}
"""

SCRIPT = """
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
const filters = ["statement", "form", "verdict", "family"];
let shown = rows, page = 0;

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
  const row = element("tr"), link = element("a", r.instance[0]), first = element("td", undefined, "name");
  link.href = r.instance[2];
  first.append(link);
  row.append(first, element("td", r.statement, "word"), element("td", r.form, "word"),
    element("td", r.verdict, "word " + r.verdict),
    ...[r.measured, r.bound, r.ratio].map(x => element("td", number(x), "number")),
    element("td", r.nodes, "word"), explained(r));
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
function select() {
  const wanted = Object.fromEntries(filters.map(key => [key, at(key).value]));
  const words = at("search").value.toLowerCase().split(/\\s+/).filter(Boolean);
  shown = rows.filter(r => matches(r, wanted, words));
  const order = at("order").value;
  if (order) {
    // A bound of 0 or less that is not met is the worst ratio; rows without a number come last.
    const worst = r => r.bound !== null && r.measured > r.bound ? Infinity : -Infinity;
    const ranked = shown.map(r => [r[order] === null ? worst(r) : r[order], r]);
    shown = ranked.sort((a, b) => a[0] < b[0] ? 1 : a[0] > b[0] ? -1 : 0).map(pair => pair[1]);
  }
  page = 0;
  draw();
}
function draw() {
  const pages = Math.max(1, Math.ceil(shown.length / PAGE)), start = page * PAGE;
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
at("order").addEventListener("change", select);
let waiting;
at("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(select, 120); });
at("back").addEventListener("click", () => turn(-1));
at("next").addEventListener("click", () => turn(1));
at("clear").addEventListener("click", () => {
  for (const key of [...filters, "search"]) at(key).value = "";
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
select();
})();
"""
