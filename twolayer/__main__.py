"""`python -m twolayer` and `twolayer`: the command line (cli.py)."""

import sys


def main() -> int:
    """Run the command line of this process; -> its exit status. Ctrl-C while modules are being loaded is one line too."""
    try:
        from .cli import main

        return main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
