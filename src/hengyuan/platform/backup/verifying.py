"""Reading a backup back: is every byte what it was when the backup was made?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hengyuan.platform.backup import database, manifest, pool
from hengyuan.platform.backup.layout import DATABASE, KEYS
from hengyuan.platform.embedded import EmbeddedPostgres

_TOLD_EVERY = 200
Tell = Callable[[str, int], None]


def problems_of(
    folder: Path,
    target: Path,
    programs: EmbeddedPostgres,
    *,
    is_quick: bool = False,
    tell: Tell = lambda stage, done: None,
) -> list[str]:
    """What is missing or damaged, one line each; an empty list for a sound backup.

    `is_quick` looks at the pooled files' sizes only. BackupFailed where there is no manifest.
    """
    made = manifest.read(folder)
    tell(DATABASE, 0)
    wrong = database.problems_of(folder, made.database, programs)
    if made.keys == "sealed" and not (folder / KEYS).exists():
        wrong.append(f"{KEYS}:缺失")
    for store in made.stores:
        if pool.list_digest(folder, store) != store.list_digest:
            wrong.append(f"{store.name} 的文件清单:已损坏或缺失")
            continue
        tell(store.name, 0)
        for number, entry in enumerate(pool.entries(folder, store), 1):
            path = pool.pooled(target, store, entry)
            if not path.exists():
                wrong.append(f"{store.name}/{entry.path or entry.digest}:缺失")
            elif path.stat().st_size != entry.size or not (
                is_quick or pool.is_sound(path, entry.digest)
            ):
                wrong.append(f"{store.name}/{entry.path or entry.digest}:已损坏")
            if number % _TOLD_EVERY == 0:
                tell(store.name, number)
    return wrong
