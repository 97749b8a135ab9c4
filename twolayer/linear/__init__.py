"""Linear programs: a solver in floats proposes (highs), exact pivots decide (simplex), what is asked of both (programs)."""
