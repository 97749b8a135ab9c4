"""Correlation of a few numbers, with an interval that respects that checkpoints of one run are not independent."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

RESAMPLES = 10_000
LEVEL = 0.95
SEED = 0


def pearson(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Pearson correlation; None for fewer than two points or where either is constant."""
    a, b = (np.asarray(values, dtype=float) for values in (x, y))
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))


def ranks(x: Sequence[float]) -> list[float]:
    """Ranks from 1, ties sharing their mean."""
    values = np.asarray(x, dtype=float)
    return [float((values < value).sum() + ((values == value).sum() + 1) / 2) for value in values]


def clustered(x: Sequence[float], y: Sequence[float], clusters: Sequence[Hashable]) -> tuple[float | None, ...]:
    """(low, score, high): Pearson correlation and its LEVEL percentile interval of the cluster bootstrap.

    Whole clusters are drawn with replacement, as many as there are, RESAMPLES times from a fixed seed; a draw on which
    the score is undefined is dropped. Three None where the score itself is undefined or most draws are.
    """
    score = pearson(x, y)
    if score is None:
        return None, None, None
    names = list(dict.fromkeys(clusters))
    a, b = (np.asarray(values, dtype=float) for values in (x, y))
    a, b = (a - a.mean()) / a.std(), (b - b.mean()) / b.std()  # so that the sums of squares below lose nothing
    place = np.array([names.index(cluster) for cluster in clusters])
    sums = np.stack(
        [np.bincount(place, weights=part, minlength=len(names)) for part in (np.ones_like(a), a, b, a * a, b * b, a * b)]
    )
    draws = np.random.default_rng(SEED).multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES)
    n, sa, sb, saa, sbb, sab = sums @ draws.T
    spread = (saa - sa**2 / n) * (sbb - sb**2 / n)
    known = spread > 1e-12 * n**2  # below this the draw's values are equal up to rounding
    if known.sum() < RESAMPLES / 2:
        return None, None, None
    scores = np.clip((sab - sa * sb / n)[known] / np.sqrt(spread[known]), -1, 1)
    low, high = np.quantile(scores, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return float(low), score, float(high)
