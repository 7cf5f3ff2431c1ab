"""``python -m pluralism`` is the command ``pluralism``."""

from .cli import main

if __name__ == "__main__":
    main()
