"""Evidence made by hand, one thing of it at a time forged: trees and vertices. Radii: test_radii.py."""

from __future__ import annotations

import copy
from fractions import Fraction

from proofs.certificate import Proved

from . import fuzzer, truth
from .by_hand import EMPTY, KINK, SPLIT, by_hand, leaf, line
from .fuzzer import accepted, refused

ALIVE = ("1", "2", "1")  # a student that is active on [-1, 1]
TWO = line([("1", "0", "9"), ("1", "-1/2", "9")], [ALIVE])  # h = 9 relu(x) + 9 relu(x - 1/2) - x - 2, at most 21/2
PAIRED = line([("1", "0", "2"), ("1", "-1/2", "-1"), ("1", "1/4", "1"), ("1", "1/4", "-1")], [ALIVE])  # the last two cancel
END = "the upper end is not proved"


def claim(instance, why="", upper="21/2", kinks=((0, False), (1, False)), settled=(), **sign):
    """A certificate with these changes of its first sign is accepted, or refused for that reason; masses < 0 are singles."""
    first = {"sign": 1, "groups": [[0, []], [1, []]], "cuts": [], **sign}
    second = {"sign": -1, "groups": [], "cuts": [], "tree": leaf(singles=[[0, "1/9"], [1, "1/9"]])}
    if instance is PAIRED:
        second |= {"groups": [[1, []]], "tree": [0, leaf(singles=[[0, "1"]]), leaf(singles=[[0, "1"]])]}
    given = by_hand(instance, upper=upper, kinks=[list(k) for k in kinks], settled=list(settled), signs=[first, second])
    refused(copy.deepcopy(given), why) if why else accepted(given)


def four(one=None, first=0) -> list:
    """The tree that decides both groups; `one` takes the place of the leaf where group 0 is inactive and 1 active."""
    one = one or leaf()
    if first == 0:
        return [0, [1, leaf(), leaf()], [1, one, leaf()]]
    return [1, [0, leaf(), one], [0, leaf(), leaf()]]


# -- trees ----------------------------------------------------------------------------------------------------------


def test_every_leaf_counts_on_either_side_of_a_decision():
    for first in (0, 1):
        claim(TWO, tree=four(first=first))
        claim(TWO, END, upper="1049/100", tree=four(first=first))
    turned = line([("-1", "0", "9")], [ALIVE])  # with f = x the largest leaf is the one where f is not active: 8 at -1
    signs = [
        {"sign": 1, "groups": [[0, []]], "cuts": [], "tree": [0, leaf(), leaf()]},
        {"sign": -1, "groups": [], "cuts": [], "tree": leaf(singles=[[0, "1"]])},
    ]
    for upper, why in (("8", ""), ("799/100", END)):
        given = by_hand(turned, upper=upper, kinks=[[0, True]], settled=[], signs=signs)
        refused(given, why) if why else accepted(given)


def test_groups_come_in_any_order_and_are_the_kinks_of_positive_mass():
    claim(TWO, groups=[[1, []], [0, []]], tree=four())
    for groups in ([[0, []]], [[1, []]], [[0, []], [0, []]], [[0, []], [1, []], [1, []]], [], [[1, []], [1, []]]):
        claim(TWO, "the groups are not the kinks of positive mass", upper="99", groups=groups, tree=leaf())
    for groups in ([[1, []]], [], [[0, []], [1, []]], [[0, []], [2, []]], [[2, []]]):
        claim(
            PAIRED,
            "the groups are not the kinks of positive mass",
            upper="99",
            kinks=((0, False), (1, False), (2, False)),
            groups=groups,
            tree=leaf(),
        )


def test_a_partner_has_negative_mass_and_a_positive_share_within_it():
    kinks, tree = ((0, False), (1, False), (2, False)), [0, leaf(), leaf()]
    for partners, why in (
        ([[1, "1"]], ""),
        ([[1, "1/2"], [1, "1/2"]], ""),
        ([], ""),
        ([[1, "11/10"]], "more of a kink is paired"),
        ([[1, "1/2"], [1, "3/4"]], "more of a kink is paired"),
        ([[1, "0"]], "a partner needs negative mass"),
        ([[1, "-1"]], "a partner needs negative mass"),
        ([[2, "1"]], "a partner needs negative mass"),
        ([[0, "1"]], "a partner needs negative mass"),
        ([[1, "1"], [2, "1/9"]], "a partner needs negative mass"),
    ):
        claim(PAIRED, why, upper="3", kinks=kinks, groups=[[0, partners]], tree=tree)


def test_a_pair_weighs_at_most_what_the_cuts_of_its_group_leave():
    groups, flat = [[0, [[1, "1"]]]], [0, ["1", "1"], [], [], []]  # 2 relu(x) - relu(x - 1/2) <= 3/2 and <= 1 + x
    for cuts, pair, why in (
        ([], "1", ""),
        ([], "0", ""),
        ([], "11/10", "a pair weighs"),
        ([[0, "1/2"]], "1/2", ""),
        ([[0, "1/2"]], "3/4", "a pair weighs"),
        ([[0, "1"]], "1/9", "a pair weighs"),
    ):
        for on in (True, False):
            one = leaf(cuts=cuts, pairs=[[0, pair]])
            claim(PAIRED, why, upper="9", groups=groups, cuts=[flat], tree=[0, one, leaf()] if on else [0, leaf(), one])
    claim(PAIRED, "", upper="9", groups=groups, cuts=[flat], tree=leaf(cuts=[[0, "1"]]))
    for cuts, pair in (([[0, "1"]], "1/9"), ([[0, "1"]], "0")):
        claim(PAIRED, "a pair weighs too much", upper="9", groups=groups, cuts=[flat], tree=leaf(cuts=cuts, pairs=[[0, pair]]))


def test_an_inactive_pair_takes_away_what_an_active_one_adds():
    """h = 2 relu(x) - relu(x + 1/2) + 8 - x: a pair of weight 1 adds x + 1/2 where x >= 0, and takes it away where x <= 0."""
    pair = line([("1", "0", "2"), ("1", "1/2", "-1"), ("0", "10", "1")], [ALIVE])
    second = {"sign": -1, "groups": [[1, []]], "cuts": [], "tree": [0, leaf(), leaf()]}
    for active, inactive, upper in (
        ([], [], "9"),
        ([[0, "1"]], [], "9"),
        ([[0, "3"]], [], ""),
        ([], [[0, "1"]], "19/2"),
        ([[0, "1/2"]], [[0, "1/2"]], "37/4"),
        ([], [[0, "3"]], ""),
    ):
        first = {"sign": 1, "groups": [[0, [[1, "1"]]]], "cuts": [], "tree": [0, leaf(pairs=active), leaf(pairs=inactive)]}
        for less in (0, Fraction(1, 1000)):
            given = by_hand(
                pair, upper=str(Fraction(upper or 99) - less), kinks=[[0, False], [1, False]], settled=[], signs=[first, second]
            )
            why = "a pair weighs too much" if not upper else END if less else ""
            refused(given, why) if why else accepted(given)


def test_a_decided_group_is_not_given_more_than_its_weight():
    """With the weights 2 and -1 a cut could be taken away again."""
    cut = [0, ["9/2", "9/2"], [], [], []]
    for weight, why in (
        ("1", ""),
        ("1/2", ""),
        ("3/2", "a group's cuts do not weigh one"),
        ("2", "a group's cuts do not weigh one"),
    ):
        for place in (1, 2):
            tree = [1, [0, leaf(), leaf()], [0, leaf(), leaf()]]
            tree[1][place] = leaf(cuts=[[0, weight]])
            claim(TWO, why, upper="99", cuts=[cut], tree=tree)
    claim(
        TWO, "a group's cuts do not weigh one", upper="99", cuts=[cut, cut], tree=[1, leaf(cuts=[[0, "1"], [1, "1/9"]]), leaf()]
    )


def test_a_cut_holds_where_all_that_it_relies_on_is_decided_so():
    """Where x <= 0, relu(x - 1/2) is 0: 9 x - 9/2 - 9 x <= 0. The own side is row 3, the side relied on is row 4."""
    cut = [1, ["0", "0"], [[4, "9"]], [], [[0, False]]]
    used = leaf(cuts=[[0, "1"]])
    claim(TWO, cuts=[cut], tree=[0, [1, leaf(), leaf()], used])
    claim(TWO, cuts=[cut], tree=four(one=used))
    for tree in (used, [0, used, used], [0, used, leaf()], [1, used, used], four()[:1] + [[1, used, leaf()], used]):
        claim(TWO, "a cut is used where it may not hold", cuts=[cut], tree=tree)
    for relied in ([[0, True]], [], [[1, False]], [[1, True]], [[0, True], [0, True]]):
        why = {0: "not an index", 1: "a cut is too low" if relied == [[0, True]] else "its own side", 2: "a cut is too low"}[
            len(relied)
        ]
        claim(TWO, why, cuts=[[*cut[:4], relied]], tree=four())
    for relied in ([[0, False], [0, True]], [[0, True], [0, False]], [[0, 0]], [[0, None]]):
        proof = [[4 if relied[0] != [0, True] else 5, "9"]]
        claim(
            TWO,
            "a cut is used where it may not hold",
            cuts=[[1, ["0", "0"], proof, [], relied]],
            tree=[0, [1, leaf(), leaf()], used],
        )
        claim(
            TWO,
            "a cut is used where it may not hold",
            cuts=[[1, ["0", "0"], proof, [], relied]],
            tree=[0, [1, used, used], used],
        )


def test_a_cut_may_not_rely_on_the_side_that_it_is_to_be_proved_on():
    for own in (True, False):
        claim(TWO, "a cut relies on its own side", cuts=[[0, ["0", "0"], [[4, "9"]], [], [[0, own]]]], tree=four())
        claim(TWO, "not an index", cuts=[[0, ["0", "0"], [[5, "9"]], [], [[1, own]]]], tree=four())


def test_a_leaf_may_weigh_the_sides_that_were_decided_on_the_way_and_no_other():
    """Rows 0, 1 are facets, 2 the activity; 3 is the first side decided, 4 the second: -x, then x - 1/2."""
    both = leaf(rows=[[3, "8"], [4, "0"]])
    claim(TWO, tree=four(one=both))
    for row in (5, -1):
        claim(TWO, "not an index", tree=four(one=leaf(rows=[[row, "1"]])))
    claim(TWO, "not an index", tree=[0, [1, leaf(), leaf()], [1, leaf(), leaf(rows=[[5, "1"]])]])


def test_a_cancelled_hyperplane_among_the_kinks_does_not_hide_a_crease_that_is_missing():
    """x = 1/2 has mass 0; x = 0 has mass 9 and comes first among the nodes. |h| is 6 at 1."""
    three = line([("1", "0", "9"), ("1", "-1/2", "1"), ("1", "-1/2", "-1")], [ALIVE])
    for kinks in ([[1, False]], [[2, False]], [[1, True]], []):
        refused(by_hand(three, upper="3", kinks=kinks, settled=[], signs=EMPTY), "a crease is missing from the kinks")


def test_evidence_before_the_tree_may_weigh_facets_and_the_activity_only():
    """The box and what is settled hold on all of A_k: no side of a group is known there."""
    for row, why in ((2, ""), (3, "not an index"), (-1, "not an index")):
        given = by_hand(KINK, kinks=[[0, False]], settled=[[1, True, [[row, "1"]]]], signs=SPLIT)
        refused(given, why) if why else accepted(given)
        given = by_hand(KINK, kinks=[[0, False]], settled=[], signs=SPLIT, box=[[], [[row, "1"]]])
        given["students"][0]["upper"] = given["gradient"]["upper"] = "9"
        refused(given, why) if why else accepted(given)


def test_a_node_that_is_a_little_active_is_neither_dead_nor_settled():
    """u = x + 1/2 and x - 1/2 on [-1, 1]: their tops are 3/2 and 1/2, after x <= 1 is weighed."""
    for bias, least in (("-1/2", "1/2"), ("-999/1000", "1/1000"), ("1/2", "3/2")):
        given = by_hand(line([("1", "0", "1")], [("1", bias, "1")]), upper="0", kinks=[], settled=[], signs=EMPTY)
        for weights in ([], [[0, "1"]]):
            given["students"][0]["evidence"] = {"method": "dead", "rows": weights}
            refused(given, "the node is not proved to be dead")
        assert Fraction(least) > 0
    for bias in ("-1", "-2"):
        given["instance"]["student"]["b"] = [bias]
        accepted(given)
    for bias in ("1/2", "999/1000", "0"):
        for active in (True, False):
            given = by_hand(line([("1", bias, "1")], [ALIVE]), upper="9", kinks=[], settled=[[0, active, []]], signs=EMPTY)
            refused(given, "a node is not proved to be of one sign")


# -- vertices -------------------------------------------------------------------------------------------------------


def by_vertices(instance, inside="0", **more) -> dict:
    """A certificate on a line whose one student has its vertices enumerated."""
    given = {**by_hand(instance), "inside": [inside], **more}
    given["students"][0] |= {"inside": [inside], "evidence": {"method": "vertices"}}
    return given


def up_to(given, upper, why=END):
    """The upper end is accepted, and a little less is not."""
    for end in (upper, Fraction(upper) - Fraction(1, 10**6)):
        given["students"][0]["upper"] = given["gradient"]["upper"] = str(end)
        accepted(given) if end == upper else refused(given, why)


def test_a_node_that_ends_where_the_region_begins_is_not_active():
    for w in ("-1", "1"):  # the crease lies in the facet at -1 or 1 and opens outwards
        up_to(by_vertices(line([(w, "-1", "-1")], [("1", "2", "1")])), "3")
        up_to(by_vertices(line([(w, "-1", "-1")], [("-1", "2", "1")])), "3")


def test_vertices_of_a_region_on_either_side_of_the_origin():
    for lower, upper, inside in (("1", "2", "3/2"), ("-2", "-1", "-3/2")):
        region = {"lower": [lower], "upper": [upper]}
        up_to(by_vertices(line([("1", "0", "3")], [("1", "2", "1")], region), inside), "2" if lower == "1" else "1")
        up_to(by_vertices(line([("-1", "0", "3")], [("1", "4", "1")], region), inside), "6" if lower == "1" else "4")


def test_vertices_of_a_box_with_parallel_facets_in_space():
    data = {
        "format": "twolayer-instance/1",
        "region": {"lower": ["1", "-2", "0"], "upper": ["2", "-1", "3"]},
        "teacher": {"W": [["1", "1", "-1"], ["0", "1", "1"]], "b": ["1/2", "0"], "V": [["1", "-2"]]},
        "student": {"W": [["1", "2", "1"], ["2", "4", "2"]], "b": ["1", "0"], "V": [["1", "1/2"]]},
    }
    given = fuzzer.certified(data)
    assert all(entry["evidence"]["method"] == "vertices" for entry in given["students"])
    exact = truth.instance(given).suprema
    for end in (0, Fraction(1, 10**6)):
        for entry, sup in zip(given["students"], exact, strict=True):
            entry["upper"] = str(sup - end)
        given["gradient"]["upper"] = str(max(exact))
        given["verdicts"] = []
        refused(given, END) if end else accepted(given)


def test_a_largest_value_inside_the_region_is_found_where_oblique_creases_meet():
    """h = 4 - |x + y - 1/4| - |x - 2 y| (- |3 z - x - 1/8| in space) is 4 at one point, and less on all facets and axes."""
    for d, planes in (
        (2, ((["1", "1"], "-1/4"), (["1", "-2"], "0"))),
        (3, ((["1", "1", "0"], "-1/4"), (["1", "-2", "0"], "0"), (["-1", "0", "3"], "-1/8"))),
    ):
        W, b = [["0"] * d], ["5"]
        for w, offset in planes:
            for sign in (1, -1):
                W.append([str(sign * Fraction(x)) for x in w])
                b.append(str(sign * Fraction(offset)))
        data = {
            "format": "twolayer-instance/1",
            "teacher": {"W": W, "b": b, "V": [["1"] + ["-1"] * (len(W) - 1)]},
            "student": {"W": [["0"] * d], "b": ["1"], "V": [["1"]]},
            "region": {"lower": ["-1"] * d, "upper": ["1"] * d},
        }
        given = {**fuzzer.certified(data), "verdicts": []}
        assert given["students"][0]["evidence"] == {"method": "vertices"}
        given["students"][0] |= {"lower": "0", "witness": None}
        given["gradient"]["lower"] = "0"
        up_to(given, "4")


def test_the_difference_of_two_teachers_is_their_largest_on_the_whole_region():
    """Output by output; there is no activity that would cut the region off, on either side of the origin."""
    for lower, upper, inside in (("-3", "-1", "-2"), ("1", "3", "2")):
        w = "-1" if lower == "-3" else "1"
        data = line([(w, "0", "0")], [("0", "1", "1")], {"lower": [lower], "upper": [upper]})
        data["second_teacher"] = {"W": [[w]], "b": ["0"], "V": [["1"], ["-2"]]}
        data["teacher"]["V"], data["student"]["V"] = [["0"], ["0"]], [["0"], ["0"]]
        given = by_vertices(data, inside)
        entry = {"lower": "0", "upper": "3", "witness": [inside], "evidence": {"method": "vertices"}}
        given["students"][0]["upper"] = given["gradient"]["upper"] = "0"
        given["excess"] = [{**entry, "lower": "1"}, {**entry, "lower": "2", "upper": "6"}]
        accepted(given)
        assert [str(x) for x in Proved(given).excess] == ["2", "6"]
        for output, end in ((0, "299/100"), (1, "599/100"), (0, "0")):
            changed = copy.deepcopy(given)
            changed["excess"][output]["upper"] = end
            refused(changed, END)
        changed = copy.deepcopy(given)
        changed["excess"][1]["lower"] = "41/10"
        refused(changed, "the value at the witness is below the lower end")
        changed = copy.deepcopy(given)
        changed["excess"][1]["evidence"] = {
            "method": "tree",
            "kinks": [],
            "settled": [],
            "signs": EMPTY,
            "box": [[[2, "1"]], []],
        }
        refused(changed, "not an index")  # row 2 would be an activity


def test_a_kink_that_touches_the_box_in_a_corner_is_one_where_the_search_has_rounded_the_box_outward():
    """Student 0 is 0 where x1 = 2/5 and x3 = 8, and nowhere active: the checker's exact box ends there, a float beyond it."""
    data = {
        "format": "twolayer-instance/1",
        "teacher": {"W": [["0", "-1", "-1"], ["0", "-1", "1"]], "b": ["0", "0"], "V": [["1", "1"]]},
        "student": {"W": [["2", "0", "2/3"], ["0", "3", "3/5"]], "b": ["-92/15", "0"], "V": [["1", "1"]]},
        "region": {
            "A": [
                ["1", "0", "0"],
                ["0", "1", "0"],
                ["0", "0", "1"],
                ["-1", "0", "0"],
                ["0", "-1", "0"],
                ["0", "0", "-1"],
                ["0", "2", "2"],
            ],
            "c": ["2/5", "8/3", "8", "14/5", "2", "1", "64/3"],
        },
    }
    given = fuzzer.certified(data, trees=True)
    accepted(given)
    assert truth.true(given) == ""


def test_an_output_bias_is_a_part_of_the_gradient_and_of_the_difference_of_two_teachers():
    """f* = relu(x) + 2, f = relu(x + 2) on [-1, 1]: h = relu(x) - x, at most 1; against relu(x) - 1 the teacher is off by 3."""
    data = line([("1", "0", "1")], [("1", "2", "1")])
    data["teacher"]["output_bias"], data["second_teacher"] = ["2"], {**data["teacher"], "output_bias": ["-1"]}
    for trees in (False, True):
        given = fuzzer.certified(data, trees=trees)
        assert [given["gradient"]["upper"], *(e["upper"] for e in given["excess"])] == ["1", "3"]
        accepted(given)
        for place, end in ((given["students"][0], "999/1000"), (given["excess"][0], "2999/1000")):
            changed = copy.deepcopy(given)
            other = changed["students"][0] if place is given["students"][0] else changed["excess"][0]
            other["upper"] = other["lower"] = end
            refused(changed, END)
        for key in ("teacher", "second_teacher"):  # without it, or with another one, the claims are others
            for bias in ([], ["3"], ["2", "0"]):
                changed = copy.deepcopy(given)
                changed["instance"][key]["output_bias"] = bias
                refused(changed, "")
    assert truth.instance(given).excess == 3 and truth.instance(given).suprema == [1]


def test_two_teachers_need_not_have_the_same_number_of_nodes():
    """f* = relu(x) + relu(-x) = |x| against 3 relu(x), and the other way round: 2 at x = 1."""
    one, two = {"W": [["1"]], "b": ["0"], "V": [["3"]]}, {"W": [["1"], ["-1"]], "b": ["0", "0"], "V": [["1", "1"]]}
    for first, second in ((one, two), (two, one)):
        data = {**line([("1", "0", "1")], [("1", "2", "0")]), "teacher": first, "second_teacher": second}
        given = by_vertices(data)
        entry = {"lower": "2", "upper": "2", "witness": ["1"], "evidence": {"method": "vertices"}}
        given["students"][0]["upper"] = given["gradient"]["upper"] = "0"
        accepted({**given, "excess": [entry]})
        refused({**given, "excess": [{**entry, "upper": "199/100"}]}, END)
        refused({**given, "excess": [{**entry, "lower": "201/100"}]}, "the value at the witness")
