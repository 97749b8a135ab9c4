"""Sets Hypothesis and threads up once."""

import os

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one test process a core: threads of torch and BLAS would only wait

# No deadline for one example: times on shared machines say nothing about the code.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
