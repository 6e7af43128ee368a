# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.golden`` shows what has changed; with ``--keep`` that becomes the truth."""

from __future__ import annotations

import argparse

from .replies import EXACT, KEPT, circumstances, differences, keep, kept, replies


def main() -> int:
    """Compare, print, and keep when asked to; return 1 where something differs and is not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="write the replies of this checkout")
    options = parser.parse_args()
    found = dict(replies())
    where, old = kept() if KEPT.exists() else ({}, {})
    if where != circumstances():
        print(f"kept with {where}\nhere it is {circumstances()}")
    changed = 0
    for name in [*old, *(name for name in found if name not in old)]:
        if name not in old or name not in found:
            lines = ["new" if name in found else "gone"]
        else:
            lines = sorted(differences(old[name], found[name], EXACT))
        changed += bool(lines)
        for line in lines:
            print(f"{name}{line if line[0] in '.[' else ': ' + line}")
    print(f"{changed} of {len(found)} replies differ")
    if options.keep:
        keep(found)
    return int(changed > 0 and not options.keep)


if __name__ == "__main__":
    raise SystemExit(main())
