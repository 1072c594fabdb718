"""`python -m bot.pictures`: a picture's data on standard input, a PNG on standard output; code 3 without matplotlib."""

import sys
from typing import Final

from bot.pictures.data import unpacked

NO_MATPLOTLIB: Final = 3


def main() -> int:
    picture = unpacked(sys.stdin.buffer.read())
    try:
        from bot.pictures.draw import png  # noqa: PLC0415  # the extra "charts"
    except ImportError:
        return NO_MATPLOTLIB
    sys.stdout.buffer.write(png(picture))
    return 0


if __name__ == "__main__":
    sys.exit(main())
