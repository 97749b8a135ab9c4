"""Makes the strategies beside the tests importable from any working directory, and sets Hypothesis up once."""

import os
import sys
from pathlib import Path

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one test process a core: threads of torch and BLAS would only wait

sys.path.insert(0, str(Path(__file__).parent))

# No deadline for one example: times on shared machines say nothing about the code.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
