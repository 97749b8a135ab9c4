"""The report's page by itself: sent without its folder, on a phone, at an address, in a browser that runs its script."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest

from twolayer.study import plots, report
from twolayer.study.tables import summary
from twolayer.study.words import GLOSSARY

from .test_report import SETTINGS, Page, study

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
in_a_browser = pytest.mark.skipif(BROWSER is None, reason="there is no browser here")
SECONDS = 120  # for a browser on a busy machine; it takes two


@pytest.fixture(scope="module")
def results() -> list[dict]:
    return study()


@pytest.fixture(scope="module")
def alone(tmp_path_factory, results):
    """The page in a folder of its own."""
    whole, alone = (tmp_path_factory.mktemp(name) for name in ("whole", "alone"))
    report.write_report(whole, SETTINGS, 12.5, results, summary(v for r in results for v in r["verdicts"]))
    return Path(shutil.copy(whole / "report.html", alone))


def seen(page, **address: str) -> str:
    """The page's elements after its script has run, opened at an address with these filters."""
    url = f"{page.as_uri()}#all-rows?{urlencode(address)}" if address else page.as_uri()
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout


def shown_rows(dom: str) -> list[list[str]]:
    """The cells of the table of all rows, as text."""
    body = dom.split('id="rows"')[1].split("<tbody>")[1].split("</tbody>")[0]
    lines = body.split("<tr>")[1:]
    return [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", line)] for line in lines]


def test_every_instance_that_the_page_links_to_is_inside_it(alone, results):
    page = Page(alone.read_text(encoding="utf-8"))
    data = json.loads(page.scripts[0])
    assert data["texts"] == [r["instance"] for r in results]
    linked = {link for link in page.values("href") if not link.startswith("#")}
    assert linked == {file for _, _, file in data["instances"]}


def test_a_phone_shows_statement_form_verdict_and_bound_first(alone):
    head = alone.read_text(encoding="utf-8").split('id="rows"')[1].split("</thead>")[0]
    assert re.findall(r">([^<]+)</th>", head)[:4] == ["statement", "form", "verdict", "bound"]


def test_every_factor_of_a_row_is_explained(alone, results):
    explained = {word for terms, _ in GLOSSARY for word in terms.split(", ")}
    assert {term for r in results for v in r["verdicts"] for term in v["terms"]} <= explained
    assert all(f"<dt>{terms}</dt>".replace("'", "&#x27;") in alone.read_text(encoding="utf-8") for terms, _ in GLOSSARY)


def test_no_label_says_a_word_twice(results):
    runs = [{**r, "name": f"along training, {r['name']}"} for r in results]
    for picture in plots.pictures(runs):
        for text in (picture.heading, picture.caption, *(panel.alt for panel in picture.panels)):
            assert not re.search(r"\b(\w+) \1\b", text), text


def test_the_legend_of_angles_and_radii_lies_beside_the_data(results):
    panels = {panel.name: panel.figure for picture in plots.pictures(results) for panel in picture.panels}
    figure = panels["across-angles"]
    figure.draw_without_rendering()
    [legend], [axes] = figure.legends, figure.axes
    assert axes.get_legend() is None and not legend.get_window_extent().overlaps(axes.get_window_extent())


@in_a_browser
def test_links_of_a_page_that_was_sent_alone_give_the_instances(alone, results):
    dom = seen(alone)
    links = re.findall(r'<a [^>]*href="([^"#]+)"(?: download="([^"]+)")?', dom)
    assert len(links) > len(results) and all(href.startswith("blob:") for href, _ in links)
    assert {f"instances/{name}" for _, name in links} == set(report.instance_files(r["name"] for r in results))


@in_a_browser
def test_filters_and_order_come_from_the_address(alone):
    rows = shown_rows(seen(alone, statement="theorem-2", verdict="holds", sort="bound"))
    assert len(rows) > 10 and {(row[0], row[2]) for row in rows} == {("theorem-2", "holds")}
    bounds = [float(row[3]) for row in rows]
    assert bounds == sorted(bounds) and len(set(bounds)) > 3


@in_a_browser
def test_a_heading_says_which_way_its_table_is_sorted_and_falling_is_the_other_way_round(alone):
    dom = seen(alone, form="sharp", sort="-measured")
    head = dom.split('id="rows"')[1].split("</thead>")[0]
    assert re.findall(r'aria-sort="(\w+)"[^>]*><button[^>]*>([^<]+)', head) == [("descending", "measured")]
    numbers = [float(row[4]) for row in shown_rows(dom) if row[4] != "–"]
    assert numbers == sorted(numbers, reverse=True)


@in_a_browser
def test_an_address_that_makes_no_sense_shows_all_rows_in_the_usual_order(alone):
    assert shown_rows(seen(alone, verdict="maybe", sort="colour")) == shown_rows(seen(alone))
