"""Certificates, put to the checker of the wing proofs; skipped where that wing was taken away."""

import pytest

pytest.importorskip("proofs", reason="certificates are put to the checker of the wing proofs")
