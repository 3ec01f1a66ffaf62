"""The program ``logq``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:  # no command line is built for that
        from logq.cli import version

        print(version())
        return
    from logq.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
