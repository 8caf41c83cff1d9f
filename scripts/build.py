"""`python -m scripts.build`: message catalogues and front-end files. Quick when nothing changed."""

import sys

from scripts.assets import build_assets
from scripts.catalogues import SOURCE, compile_catalogues


def main() -> int:
    for path in compile_catalogues():
        sys.stdout.write(f"compiled {path.relative_to(SOURCE.parent.parent)}\n")
    for name in build_assets():
        sys.stdout.write(f"wrote static/vendor/{name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
