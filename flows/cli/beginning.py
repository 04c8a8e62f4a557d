"""Init: the folder of a new partnership, begun with the shipped example's definitions for its own to replace."""

import shutil
from pathlib import Path

from schemas.partnership import REPOSITORY, load_partnership

DEFINITIONS = ("*.yaml", "*.csv", "*.geojson")
FOLDERS = ("schemas", "expectations", "warehouse/models/contributions")
NEXT = """\
# A partnership's own definitions

Begun with those of the example that the exchange ships. Replace them in this order, and run `exchange doctor` or any
other command between: each says which file, which key and what to write.

1. `schemas/geography/`: the area, its wards and its neighbourhoods; `partnership.yaml` names who runs the exchange.
2. `schemas/partners/`: the agencies, their designated officers, deputies and governance contacts.
3. `schemas/contracts/` and `expectations/`: what each sends, and what is expected of it.
4. `schemas/agreements/`: what may be shared, why and until when. Keep `stage: test` until it is signed
   (`exchange agreements --to papers`).
5. `schemas/frameworks/`: priorities, indicators, targets and the layers that read them.

Point the exchange here with EXCHANGE_PARTNERSHIP.
"""


class InitError(Exception):
    """A folder that cannot be begun as asked; the message says why."""


def begin(folder: Path) -> int:
    """Make a partnership's folder with a copy of the example's definitions; returns how many files it has.

    Raises:
        InitError: the folder holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InitError(f"{folder} holds something: name an empty or a new folder.")
    copied = 0
    for name in FOLDERS:
        kinds = (*DEFINITIONS, "*.sql") if name.startswith("warehouse") else DEFINITIONS
        for path in sorted(one for kind in kinds for one in (REPOSITORY / name).rglob(kind)):
            target = folder / path.relative_to(REPOSITORY)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            copied += 1
    (folder / "README.md").write_text(NEXT, encoding="utf-8")
    load_partnership(folder)
    return copied
