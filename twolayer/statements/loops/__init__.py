"""Loops over creases, lines and gaps, compiled to machine code."""
