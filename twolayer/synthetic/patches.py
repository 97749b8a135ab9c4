"""The 27-dimensional 3x3 colour patches of CIFAR-10: measured mean and covariance, and data shaped like them.

The stored file holds exact integer sums over all 30 x 30 positions in 4,000 pixel-exact training images, and
the eigen-decomposition of the covariance that they give. `python -m twolayer.synthetic.patches FILE.bin[.xz]`
measures the images again and says whether the file agrees. A record is a label byte and 3,072 pixel bytes.
"""

from __future__ import annotations

import json
import lzma
import sys
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from ..streaming import DIMENSION, POSITIONS, PatchSpectrum, PatchSums, patch_sums, spectrum_of
from .data import LowRankData, low_rank_data

STORED = "patch_covariance.json"
RECORD = 1 + 3 * 32 * 32
SAME = 1e-12  # eigen-decompositions by different LAPACKs agree to this, relative to the largest eigenvalue
PATCH_RANK = 17  # directions counted as thick: they carry 99.92 % of the variance


def patch_spectrum() -> PatchSpectrum:
    """The measured spectrum, as stored."""
    stored = _stored()
    return PatchSpectrum(*(np.array(stored[key]) for key in ("mean", "eigenvalues", "eigenvectors")))


def patch_data(
    samples: int, rng: np.random.Generator, *, rank: int = PATCH_RANK, whitening: float = 0.5, boundary: float = 0.25
) -> LowRankData:
    """Box data with the spectrum of CIFAR-10 patches: `rank` thick directions, the others thin as measured.

    Coordinates are the principal ones, eigenvector_i . (patch - mean): basis the identity, mean 0.
    A box with half-widths sqrt(3 eigenvalue_i) has the patches' covariance. Each coordinate is then divided
    by its own half-width to the power `whitening` (those beyond `rank` by the last thick one's, so that they
    stay thin): 0 keeps the measured shape (thick half-widths from 1.98 to 0.041), 1 makes the thick part a
    cube, and the default 1/2 lies between (1.41 to 0.20; the thin ones 0.18 to 0.03).
    """
    if not 0 <= whitening <= 1:
        raise ValueError(f"whitening needs to be between 0 and 1; got {whitening}")
    half = np.sqrt(3 * patch_spectrum().eigenvalues)
    if not 1 <= rank <= len(half):
        raise ValueError(f"rank needs to be between 1 and {len(half)}; got {rank}")
    scale = np.concatenate([half[:rank], np.full(len(half) - rank, half[rank - 1])]) ** whitening
    return low_rank_data(half / scale, rank, samples, rng, basis=np.eye(len(half)), mean=np.zeros(len(half)), boundary=boundary)


def read_images(path) -> np.ndarray:
    """Images of a file of records, packed with xz or not.   -> (n, 3, 32, 32) uint8

    Raises ValueError where the file does not consist of whole records, or is damaged.
    """
    path = Path(path)
    try:
        raw = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    except lzma.LZMAError as error:
        raise ValueError(f"{path.name} needs to be packed with xz, and whole; got other bytes ({error})") from None
    if len(raw) == 0 or len(raw) % RECORD:
        raise ValueError(f"{path.name} needs whole records of {RECORD} bytes; got {len(raw)} bytes")
    return np.frombuffer(raw, np.uint8).reshape(-1, RECORD)[:, 1:].reshape(-1, 3, 32, 32)


def as_json(sums: PatchSums, source: str) -> str:
    """The content of the stored file; the products are the rows of the upper triangle."""
    spectrum = spectrum_of(sums)
    content = {
        "what": "3x3 colour patches of CIFAR-10: exact sums of bytes; mean and covariance of bytes / 255",
        "source": source,
        "made_by": "python -m twolayer.synthetic.patches FILE --write OUT.json",
        "order": "channel, row, column; eigenvalues descend; eigenvectors are rows, largest entry positive",
        "count": sums.count,
        "sum": [int(x) for x in sums.total],
        "products": [[int(x) for x in row[i:]] for i, row in enumerate(sums.products)],
        "mean": spectrum.mean.tolist(),
        "eigenvalues": spectrum.eigenvalues.tolist(),
        "eigenvectors": spectrum.eigenvectors.tolist(),
    }
    lines = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def disagreements(sums: PatchSums) -> list[str]:
    """In what the stored file differs from a new measurement; empty if it agrees."""
    stored = stored_sums()
    wrong = []
    for name, kept_sum, new_sum in (
        ("count", stored.count, sums.count),
        ("sum", stored.total, sums.total),
        ("products", stored.products, sums.products),
    ):
        if not np.array_equal(kept_sum, new_sum):
            wrong.append(name)
    again, kept = spectrum_of(sums), patch_spectrum()
    if np.abs(kept.mean - again.mean).max() > SAME:
        wrong.append("mean")
    scale = again.eigenvalues[0]
    if np.abs(kept.eigenvalues - again.eigenvalues).max() > SAME * scale:
        wrong.append("eigenvalues")
    rebuilt = (kept.eigenvectors.T * kept.eigenvalues) @ kept.eigenvectors
    covariance = (again.eigenvectors.T * again.eigenvalues) @ again.eigenvectors
    if np.abs(rebuilt - covariance).max() > SAME * scale:
        wrong.append("eigenvectors")
    return wrong


def stored_sums() -> PatchSums:
    """The exact sums in the stored file."""
    stored = _stored()
    products = np.zeros((DIMENSION, DIMENSION), dtype=np.int64)
    for i, row in enumerate(stored["products"]):
        products[i, i:] = products[i:, i] = row
    return PatchSums(stored["count"], np.array(stored["sum"], dtype=np.int64), products)


@cache
def _stored() -> dict:
    return json.loads(resources.files(__package__).joinpath(STORED).read_text(encoding="utf-8"))


def main(arguments: list[str]) -> int:
    """Measures a file of images and compares (status 1 if it disagrees), or writes the stored file anew."""
    if len(arguments) not in (1, 3) or (len(arguments) == 3 and arguments[1] != "--write"):
        print("usage: python -m twolayer.synthetic.patches FILE.bin[.xz] [--write OUT.json]", file=sys.stderr)
        return 2
    try:
        sums = patch_sums(read_images(arguments[0]))
    except (OSError, ValueError, lzma.LZMAError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if len(arguments) == 3:
        images = sums.count // POSITIONS**2
        source = f"the first {images:,} records of data_batch_1, pixel-exact, {POSITIONS**2} positions each"
        Path(arguments[2]).write_text(as_json(sums, source), encoding="utf-8")
        print(f"wrote {arguments[2]}")
        return 0
    wrong = disagreements(sums)
    outcome = f"differs in {', '.join(wrong)}" if wrong else "agrees (integer sums exactly)"
    print(f"{sums.count:,} patches: the stored file {outcome}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
