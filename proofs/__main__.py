"""`python -m proofs`: check every proof, counterexample and record; show one; check a certificate (commands.py)."""

import sys


def main() -> int:
    """Run the command line of this process; -> its exit status. Ctrl-C while modules are being loaded is one line too."""
    try:
        from .commands import COMMAND, main
        from .process import alone

        return alone(COMMAND, main)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
