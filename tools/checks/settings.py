"""Check that every setting that the code reads stands in .env.example and in docs/operations.md, and the reverse."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Where settings are read from the environment, and how their names look there.
READERS = ("bot/settings.py", "desk/settings.py", "desk/web/oidc.py", "desk/web/app.py", "tools/run.py")
QUOTED = re.compile(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"')
EXAMPLE = re.compile(r"^#?\s?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
TABLE = re.compile(r"^\| `([A-Z][A-Z0-9_]+)`", re.MULTILINE)


def main() -> int:
    read = settings_read()
    problems = [*_differences(read, ".env.example", EXAMPLE), *_differences(read, "docs/operations.md", TABLE)]
    print("\n".join(problems) or "Every setting is documented.")
    return 1 if problems else 0


def settings_read() -> set[str]:
    """Give the names of settings in the code that reads them."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in READERS if (ROOT / name).is_file()]
    names = {name for text in texts for name in QUOTED.findall(text)}
    return {name for name in names if not name.endswith("_")}


def _differences(read: set[str], file: str, pattern: re.Pattern[str]) -> list[str]:
    documented = set(pattern.findall((ROOT / file).read_text(encoding="utf-8")))
    return [
        *(f"{name} is read, but {file} does not name it." for name in sorted(read - documented)),
        *(f"{name} stands in {file}, but nothing reads it." for name in sorted(documented - read)),
    ]


if __name__ == "__main__":
    sys.exit(main())
