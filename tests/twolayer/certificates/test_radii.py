"""Radii made and forged by hand on a square: where the centre lies, what is below and above, and how roots are rounded."""

from __future__ import annotations

from fractions import Fraction

from proofs.kernel import root_enclosure

from .by_hand import ALWAYS, SIDE, UP, a_shape, square
from .fuzzer import accepted, refused

ABOVE = "a radius is not proved from above"


def shaped(given, why="", **shape):
    """The certificate with one shape is accepted, or refused for that reason."""
    shape_ = {**a_shape("ball", ("teacher", 0), None), **shape}
    given = {**given, "radii": [{key: value for key, value in shape_.items() if value != "left out"}]}
    refused(given, why) if why else accepted(given)


def above(given, why="", radius="1", rows=((0, "1"), (2, "1")), crease="0", **more):
    """The same for a radius from above."""
    shaped(given, why, kind="disc-above", radius=str(radius), rows=[list(row) for row in rows], crease=crease, **more)


def test_a_shape_far_outside_the_region_leaves_it():
    """The square of a negative room is as large as that of a positive one."""
    given = square([UP], [ALWAYS])
    shaped(given, radius="1")
    for centre in (["9", "0"], ["-9", "0"], ["2", "0"], ["11/10", "0"]):
        for kind, allowance in (("ball", "0"), ("disc", "0"), ("guarded", "1/9"), ("cylinder", "1/9")):
            shaped(given, f"a {kind} leaves the region", kind=kind, centre=centre, allowance=allowance, radius="1/9")


def test_a_centre_lies_on_the_crease_and_a_radius_is_positive():
    given = square([UP], [ALWAYS])
    for y in ("1/9", "-1/9"):
        shaped(given, "a centre lies off its crease", centre=["0", y])
    for radius in ("0", "-1/2"):
        shaped(given, "a centre lies off its crease", radius=radius)


def test_a_shape_stays_where_its_observer_is_active():
    given = square([UP], [SIDE, ALWAYS])  # x + 1/5 >= 0
    for kind, allowance in (("ball", "0"), ("disc", "0"), ("guarded", "1/100"), ("cylinder", "1/100")):
        shape = {"kind": kind, "allowance": allowance}
        for observer, radius, why in (
            (None, "1/2", ""),
            (1, "1/2", ""),
            (0, "1/2", f"a {kind} leaves the region"),
            (0, "19/100", ""),
        ):
            shaped(given, why, observer=observer, radius=radius, **shape)


def test_a_ball_that_its_observer_may_cut_stays_in_the_region_with_its_centre_where_that_is_active():
    given = square([UP], [SIDE, ALWAYS])  # x + 1/5 >= 0, on [-1, 1]^2
    for observer in (0, 1, None):
        shaped(given, kind="wall", observer=observer, radius="1")
        shaped(given, "a wall leaves the region", kind="wall", observer=observer, radius="1001/1000")
        shaped(given, "a ball has no height", kind="wall", observer=observer, radius="1/2", allowance="1/9")
    shaped(given, kind="wall", observer=0, centre=["-1/5", "0"], radius="4/5")
    shaped(given, "a wall leaves the region", kind="wall", observer=0, centre=["-21/100", "0"], radius="1/9")


def test_a_node_and_an_observer_are_named_by_their_index():
    given = square([UP], [SIDE, (UP[0], "1/4", ["1"])])
    for i in (-1, True, False, "0", 2, 0.0, None):
        for side in ("teacher", "student"):
            shaped(given, "not an index", node=[side, i])
        if i is not None:
            shaped(given, "not an index", observer=i, radius="1/10")
    shaped(given, node=["student", 1], centre=["0", "-1/4"])


def test_a_guarded_disc_and_a_cylinder_need_an_allowance_and_none_is_negative():
    given = square([UP], [ALWAYS])
    for kind in ("guarded", "cylinder"):
        for allowance in ("0", "left out", "-1/9"):
            shaped(given, "flat may lie in a facet", kind=kind, allowance=allowance)
    for kind in ("ball", "disc"):
        shaped(given, kind=kind, allowance="left out")
        for allowance in ("-1/9", "1/9"):
            shaped(given, "a ball has no height", kind=kind, allowance=allowance)
    above(given, ABOVE, allowance="1/9")


def test_an_observer_that_is_active_nowhere_sees_no_radius():
    for bias in ("-1", "0"):
        given = square([UP], [(["0", "0"], bias, ["1"]), ALWAYS])
        shaped(given, "a dead observer sees nothing", observer=0)
        above(given, "a dead observer sees nothing", observer=0)
        above(given, observer=1)


def test_a_radius_from_above_needs_weights_that_hold_the_disc():
    given = square([UP], [ALWAYS])
    above(given, crease="0")
    for rows in ((), ((0, "0"),), ((1, "1"), (3, "1"))):  # nothing is weighed, or rows that do not bound the crease
        for radius in ("1/2", "1", "9"):
            above(given, ABOVE, radius, rows)


def test_a_radius_from_above_is_what_the_weighed_rows_leave():
    """On 3 x + 4 y = 0 the square leaves 5/4: |s_H| is 4/5 for the rows of x, 3/5 for those of y."""
    given = square([(["3", "4"], "0", ["1"])], [ALWAYS])
    for weight in ("1", "2", "1/3"):
        above(given, "", "5/4", ((0, weight), (2, weight)))
        above(given, ABOVE, "1249/1000", ((0, weight), (2, weight)))
    tilted = square([(["3", "4"], "1", ["1"])], [ALWAYS])  # (3 x + 4 y + 1)/3 + (1 - x) + 4/3 (1 - y) = 8/3 = 8/5 * 5/3
    above(tilted, "", "5/3", ((0, "1"), (1, "4/3")), "1/3")
    above(tilted, ABOVE, "1666/1000", ((0, "1"), (1, "4/3")), "1/3")
    for crease in ("0", "-1/3", "1"):
        above(tilted, ABOVE, "5/3", ((0, "1"), (1, "4/3")), crease)


def test_a_radius_from_above_may_weigh_the_activity_of_its_observer():
    """Rows 0..3 are the square's, row 4 is x + 1/5: the disc lies between -1/5 and 1."""
    given = square([UP], [SIDE, ALWAYS])
    above(given, "", "3/5", ((0, "1"), (4, "1")), observer=0)
    above(given, ABOVE, "59/100", ((0, "1"), (4, "1")), observer=0)
    above(given, "not an index", "3/5", ((0, "1"), (4, "1")), observer=None)


def test_the_length_of_a_row_is_rounded_down_for_a_radius_from_above():
    """On x + 2 y = 0, |s_H| = sqrt(4/5) for the rows of x; the radius is 1 / |s_H| and nothing below."""
    given = square([(["1", "2"], "0", ["1"])], [ALWAYS])
    low, high = root_enclosure(Fraction(4, 5), 100)
    above(given, "", 1 / low)
    above(given, ABOVE, 1 / high)
    above(given, ABOVE, 1 / root_enclosure(Fraction(4, 5), 101)[1])


def test_the_height_of_a_cylinder_is_rounded_up():
    """Beside x <= 1, around x + 2 y = 0, room is left for r sqrt(4/5) <= 1 - t sqrt(1/5)."""
    given = square([(["1", "2"], "0", ["1"])], [ALWAYS], region={"lower": ["-1", "-9"], "upper": ["1", "9"]})
    length, (low, high) = root_enclosure(Fraction(5, 4), 400)[0], root_enclosure(Fraction(1, 5), 100)
    true = root_enclosure(Fraction(1, 5), 400)[0]
    shape = {"kind": "cylinder", "allowance": "1"}
    shaped(given, radius=str((1 - high) * length), **shape)
    shaped(given, "a cylinder leaves the region", radius=str((1 - (low + true) / 2) * length), **shape)
