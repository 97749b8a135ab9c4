"""Makes the strategies beside the tests importable from any working directory, and sets Hypothesis up once."""
import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# No deadline for one example: times on shared machines say nothing about the code.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
