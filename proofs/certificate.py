"""The checker of certificates: what a file proves of its instance, in rational arithmetic and nothing else.

`python -m proofs check FILE` runs it, with `problem` (reading) and `verdicts` (radii and statements). It imports the
standard library and, where installed, python-flint's rationals; no solver, no search, no code of `twolayer`.
CERTIFICATE.md documents the format and why each check suffices. A claim that does not follow from the instance and the
evidence raises Refuted; nothing else in the file is believed.
"""

from __future__ import annotations

import json
import math
import sys
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from itertools import combinations
from pathlib import Path

from .kernel import echelon
from .problem import ONE, ZERO, Problem, Refuted, added, at, dot, index, need, number, numbers, top, weights

FORMAT = "twolayer-certificate/1"
MOST_STEPS = 200_000_000  # rational operations of one enumeration: more is refused, not begun


def on_cube(form, box) -> list:
    """A form in the coordinates xi of a box: z = middle + radius * xi."""
    radius = [(high - low) / 2 for low, high in box]
    return [*(x * r for x, r in zip(form, radius)), at(form, [(high + low) / 2 for low, high in box])]  # noqa: B905


def over_vertices(problem, terms, activities) -> list:
    """For each (coefficients of the terms, activity form or None): exact maximum of |sum c_i relu(u_i)| where activity >= 0.

    The maximum of a piecewise linear function is attained at a vertex of the arrangement of its creases and the facets;
    every vertex lies on a line in which d - 1 of the hyperplanes meet, where it is an end or a breakpoint.
    """
    planes = {tuple(x / f[j] for x in f) for f in [*terms, *problem.slacks]
              for j in [next((j for j, x in enumerate(f[:-1]) if x != 0), None)] if j is not None}
    lines, best = math.comb(len(planes), problem.d - 1), [ZERO] * len(activities)
    steps = lines * (3 * len(terms) * (len(best) + problem.d) + len(planes) * problem.d)
    need(steps <= MOST_STEPS, "there are too many vertices to enumerate")
    for chosen in combinations(sorted(planes), problem.d - 1):
        rows, pivots = echelon(chosen, problem.d)
        if len(pivots) < problem.d - 1:
            continue  # the planes do not meet in a line
        free = next(j for j in range(problem.d) if j not in pivots)
        base, step = [ZERO] * problem.d, [ZERO] * problem.d
        step[free] = ONE
        for row, j in zip(rows, pivots, strict=True):
            base[j], step[j] = -row[-1], -row[free]
        held = [(dot(slack[:-1], step), at(slack, base)) for slack in problem.slacks]
        low = max(-b / a for a, b in held if a > 0)  # there are both: the region is proved to be bounded
        high = min(-b / a for a, b in held if a < 0)
        if low > high or any(a == 0 > b for a, b in held):
            continue
        along = [(dot(u[:-1], step), at(u, base)) for u in terms]
        kinks = sorted((-b / a, i) for i, (a, b) in enumerate(along) if a != 0 and low < -b / a < high)
        starts = [(i, a, a * low + b) for i, (a, b) in enumerate(along)]
        on = [(i, a, value) for i, a, value in starts if value > 0 or (value == 0 and a > 0)]
        steps = [(t, i, abs(along[i][0])) for t, i in kinks] + [(high, 0, ZERO)]
        for k, (c, activity) in enumerate(activities):
            value, slope, t = sum((c[i] * x for i, _, x in on), ZERO), sum((c[i] * a for i, a, _ in on), ZERO), low
            rate, offset = (ZERO, ONE) if activity is None else (dot(activity[:-1], step), at(activity, base))
            if rate * low + offset >= 0 and abs(value) > best[k]:
                best[k] = abs(value)
            for later, i, change in steps:
                value += slope * (later - t)
                slope, t = slope + c[i] * change, later
                if abs(value) > best[k] and rate * t + offset >= 0:
                    best[k] = abs(value)
    return best


def over_tree(terms, coefficients, slacks, box, evidence):
    """The bound on |sum c_i relu(u_i)| over a polytope inside a box that a tree of cases proves."""
    terms, slacks = [on_cube(u, box) for u in terms], [on_cube(s, box) for s in slacks]
    forms, masses, rest, place = [], [], [ZERO] * len(terms[0]), {}

    def key(u):
        pivot = next(x for x in u if x != 0)
        return tuple(x / pivot for x in u), pivot

    for i, flipped in evidence["kinks"]:
        u = terms[index(i, len(terms))]
        need(type(flipped) is bool and any(u[:-1]), "a kink is malformed")
        place[key(u)[0]] = len(forms)
        forms.append([-x for x in u] if flipped else u)
    listed = len(forms)
    need(len(place) == listed, "two kinks share a hyperplane")
    signs = {}
    for i, active, proof in evidence["settled"]:  # ridges of one sign on the polytope, by weak duality
        u = terms[index(i, len(terms))]
        proof = [(y, slacks[m]) for m, y in weights(proof, len(slacks)).items()]
        claim = added([-x for x in u] if active else u, proof)
        need(type(active) is bool and any(u[:-1]) and top(claim) <= 0, "a ridge is not proved to be of one sign")
        place.setdefault(key(u)[0], len(forms))
        signs[len(forms)] = active
        forms.append(u)
        need(len(place) == len(forms), "a hyperplane is settled twice, or is a kink")
    masses = [ZERO] * len(forms)
    for u, c in zip(terms, coefficients, strict=True):
        if c == 0 or top(u) <= 0:
            continue
        if top([-x for x in u]) <= 0:
            rest = added(rest, [(c, u)])
            continue
        n = place.setdefault(key(u)[0], len(forms))
        if n == len(forms):  # not listed: its masses need to cancel
            forms.append(u)
            masses.append(ZERO)
        ratio = key(u)[1] / key(forms[n])[1]
        masses[n] += c * abs(ratio)
        rest = added(rest, [(c, u)]) if ratio < 0 else rest
    for n in range(listed, len(forms)):
        need(n in signs or masses[n] == 0, "a crease is missing from the kinks")
        rest = added(rest, [(masses[n], forms[n])]) if signs.get(n) else rest
    need([side["sign"] for side in evidence["signs"]] == [1, -1], "both signs are needed")
    forms, masses = forms[:listed], masses[:listed]
    return max(ZERO, *(one_sign(forms, [side["sign"] * m for m in masses], [side["sign"] * x for x in rest], slacks, side)
                       for side in evidence["signs"]))


def one_sign(forms, masses, rest, slacks, given):
    """Bound on sum m_i relu(u_i) + rest where the slacks are >= 0: see CERTIFICATE.md, "A tree"."""
    kinks = [index(i, len(forms)) for i, _ in given["groups"]]
    need(sorted(kinks) == [i for i, m in enumerate(masses) if m > 0], "the groups are not the kinks of positive mass")
    left, pairs, errors = [-m for m in masses], [], []
    for g, (i, partners) in enumerate(given["groups"]):
        shares = [(index(j, len(forms)), number(w)) for j, w in partners]
        need(all(masses[j] < 0 < w for j, w in shares), "a partner needs negative mass and a positive share")
        errors.append(added([ZERO] * len(rest), [(masses[i], forms[i]), *((-w, forms[j]) for j, w in shares)]))
        for j, w in shares:
            left[j] -= w
            pairs.append((g, [w * x for x in forms[j]]))
    need(all(x >= 0 for x, m in zip(left, masses, strict=True) if m < 0), "more of a kink is paired than there is")
    u = [forms[i] for i in kinks]
    n, cuts, relies = len(kinks), [], []
    for g, form, active, inactive, sides in given["cuts"]:
        cut, relied = numbers(form, len(rest)), {index(i, n): side for i, side in sides}
        need(index(g, n) not in relied and all(type(side) is bool for side in relied.values()), "a cut relies on its own side")
        for start, own, proof in ((errors[g], u[g], active), ([ZERO] * len(rest), [-x for x in u[g]], inactive)):
            held = [*slacks, own, *(u[i] if side else [-x for x in u[i]] for i, side in relied.items())]
            total = added(start, [(y, held[m]) for m, y in weights(proof, len(held)).items()])
            need(top(added(total, [(-ONE, cut)])) <= 0, "a cut is too low")
        cuts.append((g, cut))
        relies.append(relied)
    worst, paths = [], []
    for leaf in given["leaves"]:
        path = [(index(g, n), side) for g, side in leaf["decided"]]
        need(all(type(side) is bool for _, side in path) and len(dict(path)) == len(path), "a leaf decides a group twice")
        decided, used = dict(path), weights(leaf["cuts"], len(cuts))
        need(all(decided.get(i) is side for c in used for i, side in relies[c].items()), "a cut is used where it may not hold")
        free = [1 - sum((w for c, w in used.items() if cuts[c][0] == g), ZERO) for g in range(n)]
        need(all(x >= 0 and (x == 0 or g in decided) for g, x in enumerate(free)), "a group's cuts do not weigh one")
        parts = [(w, cuts[c][1]) for c, w in used.items()] + [(free[g], errors[g]) for g, side in path if side]
        for p, w in weights(leaf["pairs"], len(pairs)).items():
            g, form = pairs[p]
            need(g in decided and w <= free[g], "a pair weighs too much")
            parts.append((w if decided[g] else -w, form))
        for j, w in weights(leaf["singles"], len(forms)).items():
            need(masses[j] < 0 and w <= 1, "a single weighs too much")
            parts.append((-w * left[j], forms[j]))
        parts += [(y, slacks[m]) for m, y in weights(leaf["rows"], len(slacks)).items()]
        for g, y in weights(leaf["sides"], n).items():
            need(g in decided, "a side is used that was not decided")
            parts.append((y if decided[g] else -y, u[g]))
        worst.append(top(added(rest, parts)))
        paths.append(path)
    need(covered(paths, 0), "the leaves leave a gap")
    return max(worst)


def covered(paths, depth: int) -> bool:
    """True if the decisions, read in order, are those of a binary tree (with more leaves, perhaps)."""
    while paths and all(len(path) > depth for path in paths):
        g = paths[0][depth][0]
        if any(path[depth][0] != g for path in paths):
            return False
        if not covered([path for path in paths if path[depth][1]], depth + 1):
            return False
        paths, depth = [path for path in paths if not path[depth][1]], depth + 1
    return bool(paths)


class Proved:
    """A certificate's claims on the gradient, checked one by one; attributes are what is proved.

    problem    the instance on U; box: [(lower, upper), ...] around U n R
    suprema    (lower, upper) of eps_k for every student node
    gradient   (lower, upper) of sup |g_1|
    """

    def __init__(self, certificate):
        need(certificate["format"] == FORMAT, "the file has an unknown format")
        self.problem = p = Problem(certificate["instance"], certificate["coordinates"])
        self.box = p.enclosing_box(certificate["box"])
        need(p.strictly(numbers(certificate["inside"], p.d)), "U n R is not proved to have interior")
        given, nodes = certificate["students"], p.nodes()
        need([s["student"] for s in given] == list(range(len(p.students))), "every student node needs its entry, in order")
        terms = [node.form for node in nodes]
        tasks = [(k, [node.sign * dot(node.fan_out, s.fan_out) for node in nodes], s.form) for k, s in enumerate(p.students)]
        swept = [k for k, entry in enumerate(given) if entry["evidence"]["method"] == "vertices"]
        values = dict(zip(swept, over_vertices(p, terms, [tasks[k][1:] for k in swept]) if swept else [], strict=True))
        self.suprema = [(self._below(given[k], terms, *task), self._above(given[k], terms, *task, values.get(k)))
                        for k, *task in tasks]
        self.gradient = tuple(max(column) for column in zip(*self.suprema, strict=True))
        claimed = number(certificate["gradient"]["lower"]), number(certificate["gradient"]["upper"])
        need(0 <= claimed[0] <= self.gradient[0], "the gradient's lower end is not proved")
        need(self.gradient[1] <= claimed[1], "the gradient's upper end is not proved")

    def _below(self, entry, terms, c, u):
        """The value at the witness, which needs to lie in A_k, which needs to have interior."""
        claimed = number(entry["lower"])
        if entry["witness"] is None:
            need(claimed == 0, "a lower end above 0 needs a witness")
            return claimed
        z = numbers(entry["witness"], self.problem.d)
        need(self.problem.strictly(numbers(entry["inside"], self.problem.d), u), "A_k is not proved to have interior")
        need(all(at(s, z) >= 0 for s in [*self.problem.slacks, u]), "the witness lies outside A_k")
        value = abs(sum((x * max(at(t, z), ZERO) for x, t in zip(c, terms, strict=True)), ZERO))
        need(0 <= claimed <= value, "the value at the witness is below the lower end")
        return claimed

    def _above(self, entry, terms, c, u, swept):
        """The upper end that the evidence of one student node proves."""
        claimed, evidence, slacks = number(entry["upper"]), entry["evidence"], self.problem.slacks
        if evidence["method"] == "dead":  # u <= 0 on U n R: A_k has no interior
            total = added(u, [(y, slacks[m]) for m, y in weights(evidence["rows"], len(slacks)).items()])
            need(top(on_cube(total, self.box)) <= 0, "the node is not proved to be dead")
            proved = ZERO
        elif evidence["method"] == "vertices":
            proved = swept
        else:
            proved = self.tree(terms, c, [*slacks, u], u, evidence)
        need(proved <= claimed, f"student {entry['student']}: the upper end is not proved")
        return claimed

    def tree(self, terms, c, slacks, activity, evidence):
        """What a tree proves, in the box that it names: as large as the proved one where the node is active."""
        need(evidence["method"] == "tree", "the evidence has an unknown method")
        box = [tuple(numbers(ends, 2)) for ends in evidence["box"]]
        need(len(box) == self.problem.d and all(low < high for low, high in box), "the box of a tree is malformed")
        for j, ends in enumerate(box):
            for sign, end, known in ((1, ends[1], self.box[j][1]), (-1, -ends[0], -self.box[j][0])):
                if end < known:  # sign z_j <= sign z_j + y u for the y that takes z_j out of it
                    need(activity is not None and activity[j] * sign < 0, "the box of a tree leaves points out")
                    side = [sign * (i == j) * ONE for i in range(self.problem.d)] + [ZERO]
                    side = added(side, [(-sign / activity[j], activity)])
                    need(top(on_cube(side, self.box)) <= end, "the box of a tree leaves points out")
        return over_tree(terms, c, slacks, box, evidence)


def main(arguments) -> int:
    """`python -m proofs check FILE`: print what is proved; the exit status is 0, or 1 if something is not."""
    from .verdicts import judged

    try:
        need(len(arguments) == 1, "one file is needed")
        certificate = json.loads(Path(arguments[0]).read_text(encoding="utf-8"), object_pairs_hook=unique)
        proved = Proved(certificate)
        lines = judged(proved, certificate)
    except (Refuted, OSError) as error:
        return refused(str(error))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        return refused(f"the file is malformed ({type(error).__name__}: {error})")
    print(f"instance: {json.dumps(certificate['instance'].get('name', 'unnamed'))}")  # quoted: a name may hold line breaks
    for k, (lower, upper) in enumerate(proved.suprema):
        print(f"proved: {decimal(lower, False)} <= sup |g_1,{k}| <= {decimal(upper, True)}")
    print(f"proved: {decimal(proved.gradient[0], False)} <= sup |g_1| <= {decimal(proved.gradient[1], True)}")
    for line in lines:
        print(f"proved: {line}")
    return 0


def unique(pairs) -> dict:
    """A JSON object; a key that comes twice would mean one thing here and another elsewhere."""
    need(len(dict(pairs)) == len(pairs), "a key comes twice")
    return dict(pairs)


def refused(why: str) -> int:
    """Print why a file is not proved, on one line."""
    print(f"not proved: {ascii(' '.join(why.split()))[1:-1]}", file=sys.stderr)
    return 1


def decimal(x, up: bool) -> str:
    """A decimal of 17 digits that is at least (up) or at most x >= 0."""
    with localcontext(Context(prec=17, rounding=ROUND_CEILING if up else ROUND_FLOOR, Emin=-99_999, Emax=99_999)):
        quotient = Decimal(int(x.numerator)) / Decimal(int(x.denominator))  # operands are exact, so it is rounded once
        return f"{quotient.normalize():g}"
