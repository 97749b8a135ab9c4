"""Sets Hypothesis, threads and Ctrl-C up once."""

import os
import signal

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one test process a core: threads of torch and BLAS would only wait

# No deadline for one example: times on shared machines say nothing about the code.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")

# A shell's background jobs ignore SIGINT, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
