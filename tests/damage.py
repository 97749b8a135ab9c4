"""What a disk, a crash or a careless hand does to a file, drawn from a seed: what fails once fails again.

How often each reader meets it: 2,440 damaged inputs of the theory and its checker (instances 740, sweep configurations 500,
cells of a sweep 400, tables 600, certificates 100 and 700 more that certificates/fuzzer.py changes with a purpose, packed
images 100), 1,510 of the experiments (results 300, failures and spectra 400, states and weights 310, batches and archives of
images 300, kept folders 200), and 501 interrupted writes.
"""

from __future__ import annotations

import random

NESTS = ("[" * 70 + "]" * 70, '{"a":' * 3000, "1" * 5000, "1e999", "NaN", '"\\ud800"')  # in the place of a value
OTHERS = (*NESTS, "1" * 400, "-0", "-1", "true", "null", '""', "[]", "{}")


def damaged_bytes(whole: bytes, rng: random.Random) -> bytes:
    """The content of a file with one fault: a bit, bytes that are lost at the end or within, doubled, or foreign."""
    at, end = sorted(rng.sample(range(len(whole) + 1), 2))
    kind = rng.randrange(5)
    if kind == 0:
        altered = bytearray(whole)
        altered[min(at, len(whole) - 1)] ^= 1 << rng.randrange(8)
        return bytes(altered)
    if kind == 1:
        return whole[:at]
    if kind == 2:
        return whole[:at] + whole[end:]
    if kind == 3:
        return whole[:end] + whole[at:]
    return whole[:at] + rng.randbytes(rng.randrange(1, 9)) + whole[at:]


def damaged(whole: bytes, rng: random.Random) -> bytes:
    """The same of a JSON text or a table; or with a value of another type."""
    kind = rng.randrange(7)
    if kind < 5:
        return damaged_bytes(whole, rng)
    separators = [i for i, byte in enumerate(whole) if byte in b",:[]{}\n"]
    at, end = sorted(rng.sample(separators, 2)) if kind == 5 else sorted((rng.choice(separators[:-1]), separators[-1]))
    end = next((i for i in separators if i > at), end)
    return whole[: at + 1] + rng.choice(OTHERS).encode() + whole[end:]
