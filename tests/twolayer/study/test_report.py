"""The report of a study, on made-up results: complete, self-contained, escaped, drawn without a display."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from twolayer import plotting
from twolayer.drawing import painted
from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box, Subspace
from twolayer.statements.verdict import FAILS, HOLDS, NOT_APPLICABLE, PRINTED, REPAIRED, SHARP, UNDECIDED, VACUOUS, Verdict
from twolayer.study import page, plots, readings, report, sections
from twolayer.study.tables import summary
from twolayer.synthetic.cases import FAMILIES

HOSTILE = "<script>alert(\"1\")</script> & 'co' </script>"
VOID = {"meta", "input", "br"}
SETTINGS = {
    "seed": 0,
    "date": "today",
    "versions": {"numpy": "1 < 2"},
    "cases": [{"family": "exact low rank", "options": {"decay": 0.8}}],
}


def instance(name: str, across: bool = False) -> Instance:
    """Two nodes against two in a box of R^3 that is thin along the third axis."""
    teacher = TwoLayer(np.array([[1, 0, 1], [0, 1, 1]]), np.zeros(2, dtype=int), np.ones((1, 2), dtype=int))
    weights = np.array([[1, 0, 0], [Fraction(1, 10), 1, 1]])
    student = TwoLayer(weights, np.zeros(2, dtype=int), np.ones((1, 2), dtype=int))
    box = Box([-1, -1, Fraction(-1, 100)], [1, 1, Fraction(1, 100)])
    basis = [[0, 2, 0], [0, 0, 1]] if across else [[1, 0, 0], [0, 1, 0]]
    return Instance(teacher, student, box, Subspace(np.array(basis), np.zeros(3, dtype=int)), name=name)


def verdicts(eps: float) -> list[Verdict]:
    """Rows of every kind: coincident, failing with a negative bound, vacuous, undecided, not applicable."""

    def two(form, verdict, measured, bound, why="because", statement="theorem-2", teacher=0, **more):
        return Verdict(statement, form, verdict, measured, bound, why, teacher=teacher, observer=1, **more)

    return [
        Verdict("theorem-1", PRINTED, NOT_APPLICABLE, None, None, "g_1 is not identically zero", teacher=0),
        two(PRINTED, HOLDS, eps / 10, 40 * eps, terms={"alpha": 1.0}),
        two(REPAIRED, HOLDS, eps / 10, 20 * eps, terms={"kappa": 1 / 3, "best": "student 1"}),
        two(SHARP, HOLDS, eps / 10, 5 * eps, terms={"method": "ball", "opposing_students": 2}),
        two(
            PRINTED,
            FAILS,
            eps / 10,
            -40 * eps,
            "missing hypothesis: sign + norm",
            teacher=1,
            reason="sign",
            missing=("sign", "norm"),
            terms={"alpha": -1.0, "radius_above": math.inf},
        ),
        two(REPAIRED, HOLDS, 0.0, 0.0, teacher=1, terms={"branch": "coincident"}),
        two(SHARP, VACUOUS, 1.0, 2.0, teacher=1),
        two(PRINTED, VACUOUS, None, None, "alpha = 0", statement="theorem-3"),
        two(SHARP, HOLDS, eps / 20, 8 * eps, statement="theorem-3"),
        Verdict(
            "corollary-1",
            PRINTED,
            FAILS,
            1.0,
            0.1,
            "missing hypothesis: region",
            student=1,
            observers=(0,),
            reason="region",
            missing=("region",),
        ),
        Verdict("corollary-1", SHARP, UNDECIDED, 1.0, 1.0, "they overlap", student=1, observers=(0,)),
        *(
            Verdict(
                "fan-out-recovery", SHARP, HOLDS if bound < 1 else VACUOUS, measured, bound, "shares", teacher=0, observer=k
            )
            for k, (measured, bound) in enumerate([(eps / 2, 30 * eps), (eps / 10, 9 * eps)])
        ),
    ]


def result(name: str, family: str, *, eps: float = 1e-3, trained: bool = True, dimension: int = 2) -> dict:
    """A result as `examined` builds it."""
    return {
        "name": name,
        "family": family,
        "dimension": dimension,
        "ambient": 3,
        "teacher_nodes": 2,
        "student_nodes": 2,
        "outputs": 1,
        "gradient": {"lower": eps, "upper": eps * 1.23456789, "sampled": eps / 2},
        "rounds": [[eps / 100, 2 * eps, 3, 0.1], [eps / 2, eps * 1.2, 0, 0.2]],
        "trained_here": trained,
        "seconds": {"check": 0.5},
        "verdicts": [v.to_dict() for v in verdicts(eps)],
        "limits": {"gap": 0, "statements": 0},
        "instance": instance(name, across=not trained).to_json(),
    }


def copies() -> dict:
    """A student that was built, not trained: no rounds, and a gradient of exactly 0."""
    row = Verdict("theorem-1", SHARP, HOLDS, 0.0, 0.0, "a student lies on it", teacher=0).to_dict()
    return {
        **result("copies", "exact copies", dimension=17),
        "trained_here": False,
        "rounds": [],
        "gradient": {"lower": 0.0, "upper": 0.0, "sampled": 0.0},
        "verdicts": [row],
    }


TRAINED, FULL = 9, 10  # results below with trained students, and with the rows of `verdicts`


def study() -> list[dict]:
    """One or more results of every family."""
    return [
        result(f"exact low rank {HOSTILE}", "exact low rank"),
        result("patches", "CIFAR-10 patches", dimension=17),
        result("thin", "thin directions"),
        result("thin, U orthogonal to X", "thin directions", trained=False),
        result("loose", "unspecialised nodes"),
        result("pair", "two teachers"),
        copies(),
        *(result(f"run, checkpoint {i}", "along training", eps=0.5 * 0.1**i) for i in range(4)),
    ]


class Page(HTMLParser):
    """What a browser would see: balanced elements, ids, links, scripts and text."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, name, attributes):
        self.seen.append((name, dict(attributes)))
        if name == "script":
            self.scripts.append("")
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name, attributes):
        self.seen.append((name, dict(attributes)))

    def handle_endtag(self, name):
        assert self.open and self.open[-1] == name, f"</{name}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            self.scripts[-1] += data
        elif self.open[-1:] != ["style"]:
            self.text += data

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.seen if attribute in attributes]


@pytest.fixture(scope="module")
def results() -> list[dict]:
    return study()


@pytest.fixture(scope="module")
def directory(tmp_path_factory, results):
    """A report in a directory that did not exist."""
    place = tmp_path_factory.mktemp("study") / "not" / "yet"
    report.write_report(place, SETTINGS, 12.5, results, summary(v for r in results for v in r["verdicts"]))
    return place


@pytest.fixture(scope="module")
def html(directory) -> str:
    return (directory / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def data(html) -> dict:
    return json.loads(Page(html).scripts[0])


def decoded(data: dict, row: list) -> tuple:
    """An embedded row with its words: instance, statement, form, verdict, nodes, both sides, why, terms."""
    instance, statement, form, verdict, nodes, measured, bound, why, (shape, *values) = row
    return (
        data["instances"][instance][0],
        data["statements"][statement],
        data["forms"][form],
        data["verdicts"][verdict],
        data["nodes"][nodes],
        measured,
        bound,
        data["whys"][why],
        dict(zip(data["shapes"][shape], values, strict=True)),
    )


# -- files -----------------------------------------------------------------------------------------------


def test_a_report_is_a_page_a_json_file_figures_and_instances(directory, results):
    written = {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
    panels = {panel.name for picture in plots.pictures(results) for panel in picture.panels}
    assert len(panels) == 11
    drawings = {f"figures/{name}.{kind}" for name in panels for kind in ("svg", "png")}
    files = report.instance_files(r["name"] for r in results)
    assert written == {"report.html", "report.json", *drawings, *files}


def test_report_json_holds_everything_but_the_instances_texts(directory, results):
    def refuse(constant):
        raise AssertionError(constant)

    told = json.loads((directory / "report.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert told["settings"] == SETTINGS and told["seconds"] == 12.5
    assert told["summary"]["theorem-2"]["printed"] == {"holds": FULL, "fails": FULL}
    for written, r in zip(told["instances"], results, strict=True):
        assert {key: value for key, value in written.items() if key != "file"} == json.loads(
            json.dumps({key: value for key, value in r.items() if key != "instance"})
        )


def test_every_instance_file_can_be_checked_again(directory, results):
    listed = json.loads((directory / "report.json").read_text())["instances"]
    for written, r in zip(listed, results, strict=True):
        text = (directory / written["file"]).read_text(encoding="utf-8")
        assert text == r["instance"] and Instance.from_json(text).name == r["name"]


def test_numbers_that_json_has_no_word_for_become_null():
    assert report.finite({"a": [math.nan, (1.5, math.inf)], "b": -math.inf, "c": "NaN"}) == {
        "a": [None, [1.5, None]],
        "b": None,
        "c": "NaN",
    }


def test_names_become_different_files_inside_the_directory():
    names = ["a b", "a-b", "A B", "a b 2", "../../etc/passwd", "", "é", "x" * 300, "∩", "a b"]
    files = report.instance_files(names)
    assert len(set(files)) == len(names)
    assert all(re.fullmatch(r"instances/[a-z0-9-]{1,110}\.json", file) for file in files)
    assert files[:2] == ["instances/a-b.json", "instances/a-b-2.json"]
    assert files[4] == "instances/etc-passwd.json"


# -- the page --------------------------------------------------------------------------------------------


def test_the_page_is_balanced_html_with_unique_ids_and_links_that_lead_somewhere(html, directory):
    seen = Page(html)
    assert seen.open == []
    ids = Counter(seen.values("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    links = [value for value in seen.values("href") if not value.startswith("data:")]
    assert len(links) > 20
    for link in links:
        assert link[1:] in ids if link.startswith("#") else (directory / link).is_file(), link


def test_the_page_refers_to_nothing_outside(html, directory):
    texts = [html, *(path.read_text(encoding="utf-8") for path in (directory / "figures").glob("*.svg"))]
    for text in texts:
        without_names = re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
        assert "://" not in without_names
        assert not re.search(r"@import|\bsrc=|<link|<base|<iframe|fetch\(|\burl\((?!#)", without_names)


def test_a_hostile_name_stays_text(html, data, results):
    seen = Page(html)
    assert len(seen.scripts) == 2  # the data and the program
    assert HOSTILE not in html and "alert" not in seen.scripts[1]
    assert HOSTILE in seen.text
    assert data["instances"][0][0] == results[0]["name"]


def test_every_row_is_in_the_embedded_data(data, results):
    embedded = [decoded(data, row) for row in data["rows"]]
    expected = []
    for r in results:
        for v in r["verdicts"]:
            terms = {key: float(f"{x:.6g}") if isinstance(x, float) else x for key, x in v["terms"].items()}
            missing = {"missing": v["missing"]} if "missing" in v else {}
            expected.append(
                (
                    r["name"],
                    v["statement"],
                    v["form"],
                    v["verdict"],
                    sections.nodes_of(v),
                    v["measured"],
                    v["bound"],
                    v["why"],
                    {**missing, **terms},
                )
            )
    assert embedded == expected
    assert sections.nodes_of(results[0]["verdicts"][9]) == "k'=1 k in {0}"


def test_every_row_belongs_to_the_family_and_file_of_its_instance(data, results):
    files = report.instance_files(r["name"] for r in results)
    assert data["instances"] == [[r["name"], r["family"], f] for r, f in zip(results, files, strict=True)]
    assert data["families"] == list(dict.fromkeys(r["family"] for r in results))


def test_the_page_counts_rows_failures_and_telling_rows(html, results):
    text = " ".join(Page(html).text.split())
    rows = sum(len(r["verdicts"]) for r in results)
    assert f"{len(results)}instances {rows}rows judged".replace(" ", "") in text.replace(" ", "")
    assert f"{2 * FULL}printedrowsfail0repairedorsharprowsfail" in text.replace(" ", "")
    # Sharp theorem-2 and theorem-3 rows where the student was trained, but not at eps = 0.5: 5 eps >= 0.5.
    assert f"{2 * (TRAINED - 1)} rows on {TRAINED - 1} instances, 1 of them with d' ≥ 6" in text


def test_the_summary_shows_every_count(html):
    table = html.split('id="verdicts"')[1].split("</table>")[0]
    cells = re.findall(r"<t[dh][^>]*>(?:<span[^>]*>)?([^<]*)", table)
    at = cells.index("theorem-2")
    n = str(FULL)
    assert cells[at : at + 7] == ["theorem-2", "printed", n, n, "·", "·", "·"]


def test_a_printed_certified_gradient_is_never_below_the_certified_number(html, results):
    table = html.split('id="instances"')[1].split("</table>")[0]
    shown = [
        [Decimal(x) for x in re.findall(r'<td class="number">([-\d.e]+)</td>', line)[1:2]] for line in table.split("<tr>")[2:]
    ]
    assert [len(cells) for cells in shown] == [1] * len(results)
    for (cell,), r in zip(shown, results, strict=True):
        assert 0 <= cell - Decimal(r["gradient"]["upper"]) <= Decimal(r["gradient"]["upper"]) / 900


def test_a_failing_sharp_statement_is_announced_first(results):
    row = Verdict("theorem-2", SHARP, FAILS, 0.9, 0.1, "no student", teacher=0, observer=0).to_dict()
    failing = [{**results[1], "name": "the bug", "verdicts": [row]}]
    parts = "".join(sections.opening({}, 1.0, failing))
    assert parts.index("alarm") < parts.index("Teacher networks") and "sharp theorem-2 on the bug" in parts
    assert "alarm" not in "".join(sections.opening({}, 1.0, results))


def test_the_closest_rows_come_first_one_for_each_run(results):
    listed = [{**r, "file": "x"} for r in results]
    closest = sections.closest(listed, SHARP)
    ratios = [v["measured"] / v["bound"] for _, v in closest]
    assert ratios == sorted(ratios, reverse=True) and ratios[0] == pytest.approx(1 / 50)
    assert all(v["verdict"] == HOLDS for _, v in closest)
    assert sum(r["family"] == "along training" for r, _ in closest) == 1


def test_failures_are_grouped_by_all_that_they_miss(results, html):
    groups = sections.failures([{**r, "file": "x"} for r in results])
    assert {key: len(group) for key, group in groups.items()} == {
        ("theorem-2", "sign + norm"): FULL,
        ("corollary-1", "region"): FULL,
    }
    assert 'data-search="hypothesis: sign + norm"' in html


def test_text_is_escaped_and_markup_is_not():
    paragraph = page.tag("p", "a < b", page.tag("b", "&"), title='"')
    assert paragraph == '<p title="&quot;">a &lt; b<b>&amp;</b></p>'


# -- figures ---------------------------------------------------------------------------------------------


def test_figures_are_drawn_by_agg_without_a_display(results, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "tkagg")
    for picture in plots.pictures(results):
        assert picture.caption.endswith(".") and picture.heading
        assert all(type(panel.figure.canvas) is FigureCanvasAgg for panel in picture.panels)


def test_figure_files_are_pictures_of_their_kind(directory):
    for path in (directory / "figures").iterdir():
        start = path.read_bytes()[:200]
        assert start.startswith(b"\x89PNG\r\n") if path.suffix == ".png" else b"<svg" in start


def test_the_same_results_give_the_same_figures(directory, results):
    for panel in plots.pictures(results)[0].panels:
        for kind in ("svg", "png"):
            assert painted(panel.figure, panel.name, kind) == (directory / "figures" / f"{panel.name}.{kind}").read_bytes()


def test_inlined_figures_take_the_colours_of_the_page(html):
    drawings = re.findall(r"<svg.*?</svg>", html, flags=re.S)
    assert len(drawings) == 11
    for drawing in drawings:
        assert "var(--ink)" in drawing and 'role="img"' in drawing
        assert not any(colour in drawing for colour in page.VARIABLES)
        assert not re.search(r"<svg[^>]* (width|height)=", drawing)


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_need_no_family_in_particular(results, family):
    panels_of = {"along training": {"training-1", "recovery-1"}, "thin directions": {"across-angles", "across-verdicts"}}
    rest = [r for r in results if r["family"] != family]
    every, left = ({panel.name for picture in plots.pictures(shown) for panel in picture.panels} for shown in (results, rest))
    assert left == every - panels_of.get(family, set())


@pytest.mark.parametrize("family", ["along training", "thin directions", "two teachers"])
def test_one_family_alone_can_be_drawn(results, family):
    for picture in plots.pictures([r for r in results if r["family"] == family]):
        assert all(b"<svg" in painted(panel.figure, panel.name, "svg") for panel in picture.panels)


def test_a_study_without_results_is_a_page_without_pictures(tmp_path):
    report.write_report(tmp_path, {}, 0.0, [], {})
    assert Page((tmp_path / "report.html").read_text()).open == []
    assert not (tmp_path / "figures").exists()


def test_results_without_numbers_make_no_picture(results):
    empty = [
        {**r, "rounds": [], "verdicts": r["verdicts"][:1], "gradient": {"lower": 0.0, "upper": None, "sampled": None}}
        for r in results
    ]
    assert plots.pictures(empty) == []


def test_what_a_logarithmic_axis_cannot_show_is_counted(results):
    (picture,) = [p for p in plots.pictures(results) if p.heading == "Theorem 2, row by row"]
    assert f"{FULL} rows with a measured sine of 0 and {FULL} rows with a negative printed" in picture.caption
    assert f"{FULL} printed (sign + norm)" in picture.caption


def test_failing_rows_are_crosses_on_the_floor(results):
    (picture,) = [p for p in plots.pictures(results) if p.heading == "Theorem 2, row by row"]
    titles = [panel.figure.axes[0].get_title(loc="left") for panel in picture.panels]
    assert titles == ["printed: 20 rows", "repaired: 20 rows", "sharp: 10 rows"]  # no vacuous row
    axes = picture.panels[0].figure.axes[0]
    fine, crosses = axes.collections
    assert len(crosses.get_offsets()) == len(fine.get_offsets()) == FULL
    assert set(crosses.get_offsets()[:, 0]) == {min(t for t in axes.get_xticks())}
    assert axes.get_xticklabels()[0].get_text() == "≤ 0"


def test_the_gain_is_the_ratio_of_bounds_of_the_same_pair(results):
    (picture,) = [p for p in plots.pictures(results) if p.heading == "How much sharper"]
    lines = {line.get_label(): line for line in picture.panels[0].figure.axes[0].lines}
    assert lines["repaired / sharp"].get_ydata() == pytest.approx([4, 4])  # d' = 2 and 17
    assert lines["printed / sharp"].get_ydata() == pytest.approx([8, 8])


def test_training_goes_right_and_a_silent_form_counts_as_one(results):
    (picture,) = [p for p in plots.pictures(results) if p.heading.startswith("Angles")]
    axes = picture.panels[0].figure.axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    left, right = axes.get_xlim()
    assert left > right
    assert lines["measured"].get_ydata() == pytest.approx([0.05, 0.005, 0.0005, 0.00005])
    assert lines["sharp bound"].get_ydata() == pytest.approx([1, 0.25, 0.025, 0.0025])
    assert plotting.bound_on_sine(None) == 1 and math.isnan(plotting.bound_on_sine({"bound": -1.0}))


def test_the_share_not_recovered_is_that_of_the_row_with_the_least_error_and_silence_counts_as_the_whole(results):
    (picture,) = [p for p in plots.pictures(results) if p.heading.startswith("Fan-outs are recovered")]
    axes = picture.panels[0].figure.axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    left, right = axes.get_xlim()
    assert left > right and axes.get_title(loc="left") == "d' = 2, 1 teacher node"
    assert lines["certified error"].get_ydata() == pytest.approx([1, 0.45, 0.045, 0.0045])
    assert lines["measured"].get_ydata() == pytest.approx([0.005, 0.0005, 0.00005])


def test_sampled_gradients_lie_above_the_diagonal_by_what_they_hide(results):
    (picture,) = [p for p in plots.pictures(results) if p.heading == "What sampling hides"]
    points = {c.get_label(): c.get_offsets() for c in picture.panels[0].figure.axes[0].collections}
    assert len(points["first round"]) == 5
    assert np.allclose(points["first round"][:, 1], 200 * points["first round"][:, 0], rtol=1e-12)
    assert len(points["training checkpoints"]) == 4 and len(points["U ⊥ X, not trained there"]) == 1
    assert re.search(r"the samples showed \S+ and the supremum was \S+, the largest ratio", picture.caption)


def test_angles_and_radii_across_the_data_are_those_of_the_subspace(results):
    family = [r for r in results if r["family"] == "thin directions"]
    thin = {r["trained_here"]: readings.angles_on_subspace(r) for r in family}
    # On x3 = 0: (1, 0) has its student; (0, 1) is nearest to (1/10, 1), at sine 1/sqrt(101). Across: teachers
    # (0, 1) and (1, 1), students 0 and (1, 1).
    assert [radius for radius, _ in thin[True]] == pytest.approx([1, 1])
    assert [radius for radius, _ in thin[False]] == pytest.approx([0.01, 0.01])
    assert [sine for _, sine in thin[True]] == pytest.approx([0, 1 / math.sqrt(101)])
    assert [sine for _, sine in thin[False]] == pytest.approx([math.sqrt(0.5), 0], abs=1e-12)


def test_ticks_are_powers_of_ten_with_room_for_the_floor():
    _, axes = plotting.new_axes("", "", "")
    plotting.decades(axes, "x", 1e-18, 0.5, floored=True)
    ticks, labels = axes.get_xticks(), [label.get_text() for label in axes.get_xticklabels()]
    assert labels[0] == "≤ 0" and ticks[0] == 1e-18 and labels[-1] == "1"
    assert 4 <= len(ticks) <= plotting.MOST_TICKS + 1
    assert np.diff(np.log10(ticks)).min() >= 2
    assert [plotting.power(e) for e in (-12, 0, 1)] == ["10⁻¹²", "1", "10¹"]


def test_the_floor_is_a_decade_below_every_positive_number():
    assert plotting.floor_below([0.0, -3.0, 2e-5, 1.0]) == pytest.approx(1e-6)
    assert plotting.floor_below([]) < 0.1
    assert plotting.onto(0.1, [(-1, 5), (0.2, 0)]).tolist() == [[0.1, 5], [0.2, 0.1]]
