"""Search for the instances that hide a crease best: floats, linear programs, then rationals.

Nothing here is believed: what it finds is written as a file of rationals below proofs/records, and the row of
that file is checked without a solver. Needs NumPy and SciPy (HiGHS); no check imports it.

plane       arrangements in the strip: the LP over masses, and its linearisation in the lines
descent     starts, and steps inside a trust region (successive linear programs)
rounding    lines and masses to rationals with small denominators
"""
