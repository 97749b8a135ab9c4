"""Controllable low-rank data, teachers on it, and over-realised students trained to a tiny gradient."""
