"""The command line: ``pluralism report``, ``fit``, ``agree``, ``vote`` and others.

Exit status: 0 when all went well, 1 when the input cannot be used, 2 for a wrong option, 70 for a
fault of ours, 130 after Ctrl-C.
"""

__all__ = ["main"]


def main() -> None:
    """Run the command line; the console script ``pluralism`` points here."""
    from ._run import run

    run()
