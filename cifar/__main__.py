"""`python -m cifar`: the command line (commands.py)."""

import sys


def main() -> int:
    """Run the command line of this process; -> its exit status. Ctrl-C while modules are being loaded is one line too."""
    try:
        from .commands import main

        return main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
