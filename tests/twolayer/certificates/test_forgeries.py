"""Forged certificates of the gradient: each is refused for its own reason. Radii and rows: test_rows.py."""

from __future__ import annotations

import copy
from fractions import Fraction

from proofs.kernel import rational

from . import fuzzer
from .by_hand import EMPTY, KINK, SPLIT, branches, by_hand, leaf, leaves, line
from .fuzzer import BASES, accepted, base, checked, refused

TREE = "trees, cuts below a decision"


def signs(given):
    """Every sign of every tree of a certificate."""
    return [side for entry in given["students"] for side in entry["evidence"].get("signs", [])]


def test_a_tree_made_by_hand_is_accepted():
    accepted(by_hand(KINK, "2", witness=["1/2"], kinks=[[0, False]], settled=[], signs=SPLIT))


def test_a_tree_made_by_hand_proves_no_less_than_the_supremum():
    refused(by_hand(KINK, upper="199/100", kinks=[[0, False]], settled=[], signs=SPLIT), "the upper end is not proved")


def test_a_crease_left_out_of_the_kinks_is_missed():
    refused(by_hand(KINK, upper="9", kinks=[], settled=[], signs=EMPTY), "a crease is missing from the kinks")


def test_a_ridge_settled_without_proof_is_refused():
    for active in (True, False):
        given = by_hand(KINK, upper="9", kinks=[], settled=[[0, active, []]], signs=EMPTY)
        refused(given, "a node is not proved to be of one sign")


def test_nodes_on_one_hyperplane_are_settled_one_by_one():
    """u = x + 3/4 > 0 on [-1/2, 1/2], so -u < 0: |h| is 15/4, and no order or orientation of the proofs makes it 5/4."""
    half = {"A": [["1"], ["-1"]], "c": ["1/2", "1/2"]}
    two = line([("1", "3/4", "-1"), ("-1", "-3/4", "-1")], [("1", "2", "1")], half)
    proofs = [[0, True, [[1, "1"]]], [1, False, [[1, "1"]]]]
    rows = [{**side, "tree": leaf(rows=[[0 if side["sign"] < 0 else 1, "2"]])} for side in EMPTY]
    for settled in (proofs, proofs[::-1]):
        accepted(by_hand(two, upper="15/4", kinks=[], settled=settled, signs=rows))
        refused(by_hand(two, upper="374/100", kinks=[], settled=settled, signs=rows), "the upper end is not proved")
        for side in range(2):
            changed = copy.deepcopy(settled)
            changed[side][1] = not changed[side][1]
            refused(by_hand(two, upper="15/4", kinks=[], settled=changed, signs=rows), "not proved to be of one sign")


def test_a_node_that_is_constant_on_the_plane_is_no_kink():
    given = by_hand(line([("0", "1", "1")], [("1", "2", "1")]), upper="9", kinks=[[0, False]], settled=[], signs=EMPTY)
    refused(given, "a kink is constant")
    given["students"][0]["evidence"]["kinks"] = []
    accepted(given)
    given["students"][0]["evidence"]["settled"] = [[0, True, []]]
    accepted(given)
    given["students"][0]["evidence"]["settled"] = [[0, False, []]]
    refused(given, "a node is not proved to be of one sign")


def test_two_kinks_on_one_hyperplane_are_refused():
    twice = [{**side, "groups": [[0, []], [1, []]][: len(side["groups"]) * 2]} for side in SPLIT]
    two = line([("1", "0", "1"), ("-2", "0", "1")], [("1", "2", "1")])
    refused(by_hand(two, upper="9", kinks=[[0, False], [1, False]], settled=[], signs=twice), "two kinks share a hyperplane")


def test_vertices_on_the_boundary_of_the_active_region_count():
    """sup is attained where the student is at its kink, at either end of the region or inside it."""
    for w, b, teacher in (
        ("1", "1", ("-1", "1", "2")),
        ("-1", "1", ("1", "1", "2")),
        ("1", "0", ("-1", "1", "2")),
        ("-1", "0", ("1", "1", "2")),
    ):
        given = by_hand(line([teacher], [(w, b, "1")]), upper="4")
        given["students"][0]["evidence"] = {"method": "vertices"}
        corner = Fraction(-int(b), int(w))
        sup = 2 * (int(teacher[0]) * corner + 1)
        for upper, why in ((sup, ""), (sup - Fraction(1, 100), "the upper end is not proved")):
            given["students"][0]["upper"] = given["gradient"]["upper"] = str(upper)
            given["students"][0]["inside"] = [str((corner + (1 if w == "1" else -1)) / 2 if b == "0" else 0)]
            assert sup == (2 if b == "0" else 4)
            refused(given, why) if why else accepted(given)


def test_an_upper_end_is_never_negative():
    """A dead node whose tree shows a contradiction still has the supremum 0."""
    dead = line([("1", "0", "1")], [("1", "-2", "1")])
    given = by_hand(
        dead,
        upper="-1",
        kinks=[[0, False]],
        settled=[],
        signs=[
            {"sign": 1, "groups": [[0, []]], "cuts": [], "tree": [0, leaf(rows=[[2, "9"]]), leaf(rows=[[2, "9"]])]},
            {"sign": -1, "groups": [], "cuts": [], "tree": leaf(rows=[[2, "9"]])},
        ],
    )
    refused(given, "the upper end is not proved")
    given["students"][0]["upper"] = given["gradient"]["upper"] = "0"
    accepted(given)


def test_one_sign_is_not_enough():
    for some in (SPLIT[:1], SPLIT[1:], [SPLIT[0], SPLIT[0]], SPLIT[::-1]):
        refused(by_hand(KINK, upper="9", kinks=[[0, False]], settled=[], signs=some), "both signs are needed")


def test_a_group_left_out_is_missed():
    bare = [{**SPLIT[0], "groups": [], "tree": leaf()}, SPLIT[1]]
    refused(by_hand(KINK, upper="9", kinks=[[0, False]], settled=[], signs=bare), "the groups are not the kinks")


def test_an_undecided_group_needs_cuts_that_weigh_one():
    bare = [{**SPLIT[0], "tree": leaf()}, SPLIT[1]]
    refused(by_hand(KINK, upper="9", kinks=[[0, False]], settled=[], signs=bare), "cuts do not weigh one")
    cut = {**SPLIT[0], "cuts": [[0, ["1/2", "1/2"], [], [], []]], "tree": leaf(cuts=[[0, "1"]])}
    accepted(by_hand(KINK, kinks=[[0, False]], settled=[], signs=[cut, SPLIT[1]]))
    for weight in ("1/2", "2"):
        cut["tree"] = leaf(cuts=[[0, weight]])
        refused(by_hand(KINK, kinks=[[0, False]], settled=[], signs=[cut, SPLIT[1]]), "cuts do not weigh one")


def test_a_cut_below_the_function_on_either_side_is_refused():
    for form in (["1/2", "49/100"], ["51/100", "1/2"], ["1", "0"], ["0", "0"], ["49/100", "1/2"]):
        cut = {**SPLIT[0], "cuts": [[0, form, [], [], []]]}
        refused(by_hand(KINK, upper="9", kinks=[[0, False]], settled=[], signs=[cut, SPLIT[1]]), "a cut is too low")


def test_a_single_weighs_at_most_one():
    for single in ["2", "3/2"]:
        heavy = [SPLIT[0], {**SPLIT[1], "tree": leaf(singles=[[0, single]])}]
        refused(by_hand(KINK, upper="9", kinks=[[0, False]], settled=[], signs=heavy), "a single weighs too much")


def test_a_kink_of_positive_mass_is_no_single():
    wrong = [{**SPLIT[0], "tree": [0, leaf(singles=[[0, "1"]]), leaf()]}, SPLIT[1]]
    for mass in ("1", "1/9"):
        given = by_hand(line([("1", "0", mass)], [("1", "2", "1")]), upper="9", kinks=[[0, False]], settled=[], signs=wrong)
        refused(given, "a single weighs too much")


def test_a_leaf_or_a_branch_removed_leaves_a_gap():
    given, tried = base(TREE), 0
    for side in signs(given):
        for branch in branches(side["tree"]):
            for n in (1, 2):
                kept, branch[n] = branch[n], []
                refused(given, "not proved")
                branch[n] = kept
                tried += 1
            changed = branch[1:]
            branch[1:] = changed[:1]
            refused(given, "not proved")
            branch[1:] = changed
    assert tried > 5


def test_the_sides_of_a_branch_do_not_change_places():
    """Both are covered then as well, by leaves that are about the other side."""
    given, tried = base(TREE), 0
    for side in signs(given):
        for branch in branches(side["tree"]):
            branch[1:] = branch[:0:-1]
            tried += checked(given)[0]
            branch[1:] = branch[:0:-1]
    assert tried > 3


def test_a_group_decided_twice_is_refused():
    given = base(TREE)
    for n in (1, 2):
        changed = copy.deepcopy(given)
        branch = next(branch for side in signs(changed) for branch in branches(side["tree"]))
        branch[n] = [branch[0], branch[n], branch[n]]
        refused(changed, "a group is decided twice")


def test_a_cut_that_relies_on_an_undecided_side_is_refused():
    given, tried = base(TREE), 0
    for side in signs(given):
        for c, cut in enumerate(side["cuts"]):
            for decided, one in leaves(side["tree"]):
                if any(decided.get(g) is not active for g, active in cut[4]) and cut[0] in decided:
                    one["cuts"].append([c, 1, -60])
                    refused(given, "a cut is used where it may not hold")
                    one["cuts"].pop()
                    tried += 1
    assert tried > 3


def test_a_cut_that_relies_on_what_its_proof_does_not_name_is_refused():
    given = base(TREE)
    cut = next(cut for side in signs(given) for cut in side["cuts"] if cut[4])
    cut[4].clear()
    refused(given, "not an index")
    cut[4].append([cut[0], True])
    refused(given, "a cut relies on its own side")
    cut[4][0] = [-1, False]
    refused(given, "not an index")


def test_negative_multipliers_are_refused_wherever_they_stand():
    tried = 0
    for name in BASES:
        given = base(name)
        for path in list(fuzzer.paths(given))[::3]:
            entry = fuzzer.get(given, path)
            inner = {"box", "rows", "cuts", "pairs", "singles", "settled"} & set(map(str, path))
            if not inner or path[0] == "instance" or not isinstance(entry, list) or len(entry) not in (2, 3):
                continue
            if type(entry[0]) is int and (isinstance(entry[1], str) or type(entry[1]) is type(entry[-1]) is int):
                kept = entry[1]
                entry[1] = "-" + kept if isinstance(kept, str) else -kept
                refused(given, "a weight is negative")
                entry[1] = kept
                tried += 1
    assert tried > 100


def test_a_multiplier_given_twice_is_refused():
    given = base(TREE)
    one = next(one for side in signs(given) for _, one in leaves(side["tree"]) if one["pairs"])
    one["pairs"].append(one["pairs"][0])
    refused(given, "given twice")


def test_a_pair_that_weighs_more_than_its_group_is_refused():
    given, tried = base(TREE), 0
    for side in signs(given):
        for _, one in leaves(side["tree"]):
            for pair in one["pairs"]:
                kept = pair[1:]
                pair[1:] = [3, 0]
                refused(given, "a pair weighs too much")
                pair[1:] = kept
                tried += 1
    assert tried > 3


def test_a_kink_is_not_paired_beyond_its_mass():
    given, tried = base(TREE), 0
    for side in signs(given):
        for _, partners in side["groups"]:
            for partner in partners:
                kept, partner[1] = partner[1], str(100 * rational(partner[1]))
                refused(given, "more of a kink is paired than there is")
                partner[1] = "-" + kept
                refused(given, "a partner needs")
                partner[1] = kept
                tried += 1
    assert tried > 3


def test_a_side_that_was_not_decided_is_refused():
    given, tried = base(TREE), 0
    for entry in given["students"]:
        for side in entry["evidence"].get("signs", []):
            for decided, one in leaves(side["tree"]):
                rows = len(fuzzer.checker.Proved(base(TREE)).problem.slacks) + 1
                one["rows"].append([rows + len(decided), 1, -3])
                refused(given, "not an index")
                one["rows"].pop()
                tried += 1
    assert tried > 5


def test_the_box_of_a_tree_is_what_its_weights_prove():
    """It cannot be claimed, only computed: less weight gives a wider box, on which the same tree proves less."""
    tried = 0
    for name in (TREE, "trees, a skew plane", "trees, odd nodes"):
        given = base(name)
        for entry in given["students"]:
            walls = entry["evidence"].get("box", [])
            assert entry["evidence"]["method"] != "tree" or len(walls) == 2 * len(given["inside"])
            for wall in walls:
                for weight in wall:
                    kept, weight[1:] = weight[1:], ["1/100"]
                    refused(given, "not proved")
                    weight[1:] = kept
                    tried += 1
            if walls:
                entry["evidence"]["box"] = walls[1:]
                refused(given, "a box needs two proofs for each coordinate")
                entry["evidence"]["box"] = walls
    assert tried > 2


def test_a_region_without_a_proof_that_it_is_bounded_is_refused():
    given = base("trees, odd nodes")
    given["box"][0] = []
    refused(given, "the region is not proved to be bounded")
    given["box"] = given["box"][:-1]
    refused(given, "a box needs two proofs for each coordinate")


def test_coordinates_of_another_plane_are_refused():
    for change in (
        lambda rows, origin: rows[0].__setitem__(2, "7"),
        lambda rows, origin: origin.__setitem__(0, "3"),
        lambda rows, origin: rows.pop(),
        lambda rows, origin: rows.__setitem__(1, rows[0]),
        lambda rows, origin: rows.append(["1", "0", "0"]),
    ):
        given = base("trees, a skew plane")
        change(given["coordinates"]["rows"], given["coordinates"]["origin"])
        refused(given, "the coordinates are not those of the subspace")


def test_a_region_or_an_active_region_without_interior_is_refused():
    given = base("vertices, rows of every form")
    given["inside"] = ["1", "0"]
    refused(given, "U n R is not proved to have interior")
    touching = by_hand(line([("1", "0", "1")], [("1", "-1", "1")]), "1", witness=["1"], kinks=[], settled=[], signs=EMPTY)
    for inside in ("1", "0", "2"):
        touching["students"][0]["inside"] = [inside]
        refused(touching, "A_k is not proved to have interior")


def test_a_witness_outside_the_active_region_is_refused():
    for name in BASES:
        given = base(name)
        for entry in given["students"]:
            if entry["witness"] is not None:
                kept, entry["witness"] = entry["witness"], [str(9 * rational(x) + 9) for x in entry["witness"]]
                refused(given, "a witness lies outside the region")
                entry["witness"] = None
                if rational(entry["lower"]):
                    refused(given, "the value at the witness is below the lower end")
                entry["witness"] = kept


def test_an_active_node_is_not_dead():
    given = base("vertices, rows of every form")
    given["students"][0]["evidence"] = {"method": "dead", "rows": []}
    refused(given, "the node is not proved to be dead")


def test_a_student_left_out_is_missed():
    changes = (lambda entries: entries.pop(), lambda entries: entries.reverse(), lambda entries: entries.append(entries[0]))
    for change in changes:
        given = base("vertices, a copy")
        change(given["students"])
        refused(given, "every student node needs its entry")


def test_a_box_from_rough_multipliers_holds_the_whole_region():
    """z + 9/10 (3 - z) bounds z by 27/10 + 3/10 only together with the largest bound of all, which here is 3."""
    long = {**KINK, "region": {"lower": ["-1"], "upper": ["3"]}}
    given = by_hand(long, upper="9", kinks=[[0, False]], settled=[], signs=SPLIT)
    given["box"] = [[[0, "9/10"]], [[1, "9/10"]]]
    assert [tuple(map(str, ends)) for ends in fuzzer.checker.Proved(given).box] == [("-6/5", "3")]
    given["box"] = [[[0, "1"]], [[1, "1"]]]
    assert [tuple(map(str, ends)) for ends in fuzzer.checker.Proved(given).box] == [("-1", "3")]
