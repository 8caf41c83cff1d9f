"""The parts of a backup by themselves: the pool, the keys, the notes, and what is refused."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hengyuan.platform.backup import keys, manifest, notes, pool, restoring, taking
from hengyuan.platform.backup.layout import (
    BackupFailed,
    backups_in,
    lock,
    name_at,
    remove_leftovers,
    whole_backups,
)
from hengyuan.platform.backup.manifest import DatabasePart, Manifest, StorePart


def quiet(done: int) -> None:
    """Nobody listens."""


def put(root: Path, data: bytes, name: str = "sm3") -> str:
    """An evidence file under its digest."""
    digest = hashlib.new(name, data).hexdigest()
    place = root / digest[:2] / digest[2:4] / digest
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return digest


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def backup_folder(target: Path, second: int) -> Path:
    folder = target / name_at(datetime(2026, 11, 24, 2, 30, second, tzinfo=UTC))
    folder.mkdir()
    return folder


def listed(folder: Path, store: StorePart) -> set[str]:
    return {entry.digest for entry in pool.entries(folder, store)}


def test_a_picture_is_stored_once_for_all_backups(tmp_path, target):
    root = tmp_path / "evidence"
    digests = {put(root, b"one"), put(root, b"two", "sha256")}
    (root / "partial").mkdir()
    (root / "partial" / "7-abcd").write_bytes(b"half")
    first, second = backup_folder(target, 1), backup_folder(target, 2)
    before = pool.add_digests(target, first, "evidence", root, quiet)
    digests.add(put(root, b"three"))
    after = pool.add_digests(target, second, "evidence", root, quiet)
    assert (before.files, before.new_bytes) == (2, 6)
    assert (after.files, after.size_bytes, after.new_bytes) == (3, 11, 5)
    assert listed(second, after) == digests
    objects = [path for path in (target / "pool").rglob("*") if path.is_file()]
    assert {path.name for path in objects} == digests


def test_a_file_that_is_not_what_its_name_says_is_told_of_and_left_out(tmp_path, target):
    root = tmp_path / "evidence"
    sound, rotten = put(root, b"sound"), put(root, b"rotten")
    (root / rotten[:2] / rotten[2:4] / rotten).write_bytes(b"rottem")
    folder = backup_folder(target, 1)
    store = pool.add_digests(target, folder, "evidence", root, quiet)
    assert store.damaged == [rotten]
    assert listed(folder, store) == {sound}
    assert not list((target / "pool").rglob(rotten))


def test_a_changed_file_does_not_change_the_backup_before(tmp_path, target):
    root = tmp_path / "home"
    (root / "files" / "deep").mkdir(parents=True)
    (root / "files" / "deep" / "notice.docx").write_bytes(b"first wording")
    (root / "files" / ".draft").write_bytes(b"not finished")
    first, second = backup_folder(target, 1), backup_folder(target, 2)

    def is_hidden(relative: str) -> bool:
        return "/." in relative

    before = pool.add_paths(target, first, "files", root, is_hidden, quiet)
    (root / "files" / "deep" / "notice.docx").write_bytes(b"second wording")
    after = pool.add_paths(target, second, "files", root, is_hidden, quiet)
    (old,), (new,) = pool.entries(first, before), pool.entries(second, after)
    assert old.path == new.path == "files/deep/notice.docx"
    assert pool.pooled(target, before, old).read_bytes() == b"first wording"
    assert pool.pooled(target, after, new).read_bytes() == b"second wording"


def test_a_file_that_is_as_it_was_is_not_read_again(tmp_path, target, monkeypatch):
    root = tmp_path / "home"
    root.mkdir()
    (root / "map.geojson").write_bytes(b"outline")
    first, second = backup_folder(target, 1), backup_folder(target, 2)
    pool.add_paths(target, first, "files", root, lambda relative: False, quiet)
    monkeypatch.setattr(pool, "_take_in", lambda *_: pytest.fail("it was read again"))
    again = pool.add_paths(target, second, "files", root, lambda relative: False, quiet)
    assert (again.files, again.new_bytes) == (1, 0)


def test_what_only_removed_backups_needed_goes_and_nothing_else(tmp_path, target):
    root = tmp_path / "evidence"
    gone, kept = put(root, b"gone"), put(root, b"kept")
    first, second = backup_folder(target, 1), backup_folder(target, 2)
    pool.add_digests(target, first, "evidence", root, quiet)
    (root / gone[:2] / gone[2:4] / gone).unlink()
    new = put(root, b"new")
    store = pool.add_digests(target, second, "evidence", root, quiet)
    assert pool.sweep(target, "evidence", [(second, store)]) == (1, 4)
    assert {path.name for path in (target / "pool").rglob("*") if path.is_file()} == {kept, new}


def test_what_was_cut_short_is_removed_and_whole_ones_stay(target):
    whole, half = backup_folder(target, 1), backup_folder(target, 2)
    half.rename(half.with_name(half.name + ".part"))
    (target / "pool" / "evidence").mkdir(parents=True)
    (target / "pool" / "evidence" / ".draft-1").write_bytes(b"half a picture")
    (target / "somebody's notes").mkdir()
    assert [found.state for found in backups_in(target)] == ["whole", "unfinished"]
    assert remove_leftovers(target) == [half.name + ".part"]
    assert whole_backups(target) == [whole]
    assert not list((target / "pool" / "evidence").iterdir())
    assert (target / "somebody's notes").is_dir()


def test_two_do_not_write_into_one_folder(target):
    with lock(target), pytest.raises(BackupFailed, match="另一个备份"), lock(target):
        pass


SECRETS = keys.Secrets({"platform_signing.key": "the secret"}, {"HENGYUAN_SECRET_KEY": "another"})


def test_keys_come_back_with_their_passphrase_alone():
    sealed = keys.seal(SECRETS, "a long passphrase")
    assert b"the secret" not in sealed
    assert keys.open_sealed(sealed, "a long passphrase") == SECRETS
    with pytest.raises(BackupFailed, match="口令不对"):
        keys.open_sealed(sealed, "a long passphrasf")
    with pytest.raises(BackupFailed, match="已损坏"):
        keys.open_sealed(sealed[:-9] + b"AAAAAA" + sealed[-3:], "a long passphrase")


def test_a_passphrase_that_protects_nothing_is_refused(tmp_path):
    (tmp_path / "short").write_text("short\n")
    with pytest.raises(BackupFailed, match="不足"):
        keys.passphrase_from(tmp_path / "short")
    with pytest.raises(BackupFailed, match="无法读取"):
        keys.passphrase_from(tmp_path / "missing")


def test_keys_are_put_back_for_their_owner_alone(tmp_path):
    strange = keys.Secrets(SECRETS.files | {"../elsewhere": "x"}, {})
    keys.put_back(strange, tmp_path)
    assert (tmp_path / "platform_signing.key").read_text() == "the secret"
    assert (tmp_path / "platform_signing.key").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path.parent / "elsewhere").exists()


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "files/../../x"])
def test_a_list_does_not_lead_out_of_the_home(path):
    with pytest.raises(BackupFailed, match="无效的路径"):
        restoring._place(pool.Entry("ab" * 32, 1, path))


def test_a_digest_that_is_none_leads_nowhere(target):
    store = StorePart("evidence", "digests", 1, 1, 1, "")
    with pytest.raises(BackupFailed, match="无效的摘要"):
        pool.pooled(target, store, pool.Entry("../" + "a" * 61, 1))


def made(folder: Path) -> Manifest:
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    part = DatabasePart("dump", "18.1", 5, {}, {"weighing_2026_11": 7, "weighing_count": 9}, {})
    return Manifest(
        1, folder.name, "0", moment, moment, moment, "/srv/home", part, [], "left out", {}
    )  # fmt: skip


def test_a_manifest_that_was_touched_is_not_believed(target):
    folder = backup_folder(target, 1)
    manifest.write(folder, made(folder))
    assert manifest.read(folder).database.records == 7
    path = folder / manifest.FILE_NAME
    path.write_bytes(path.read_bytes().replace(b": 7", b": 6"))
    with pytest.raises(BackupFailed, match="已损坏"):
        manifest.read(folder)
    path.unlink()
    with pytest.raises(BackupFailed, match="不是完整的备份"):
        manifest.read(folder)


def test_a_backup_into_the_home_itself_is_refused(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    wanted = taking.Wanted(home, home / "backups", "postgresql://nobody@/x", None, "files")
    with pytest.raises(BackupFailed, match="之内"):
        taking.take(wanted)
    assert not (home / "backups").exists()
    nothing = taking.Wanted(
        tmp_path / "none", tmp_path / "b", "postgresql://nobody@/x", None, "dump"
    )
    with pytest.raises(BackupFailed, match="不存在"):
        taking.take(nothing)


def test_a_backup_without_its_database_leaves_nothing_and_a_note(tmp_path):
    home, target = tmp_path / "home", tmp_path / "backups"
    home.mkdir()
    url = f"postgresql://nobody@/nothing?host={tmp_path}"
    with pytest.raises(BackupFailed, match="OperationalError"):
        taking.take(taking.Wanted(home, target, url, None, "dump"))
    assert backups_in(target) == []
    assert notes.last_backups(home).has_failed
    (home / notes.FILE_NAME).write_bytes(b"{")
    assert notes.last_backups(home) == notes.LastBackups()


def test_a_folder_of_backups_is_closed_to_others(tmp_path):
    home, target = tmp_path / "home", tmp_path / "backups"
    home.mkdir()
    with pytest.raises(BackupFailed):
        taking.take(taking.Wanted(home, target, f"postgresql://n@/n?host={home}", None, "dump"))
    assert target.stat().st_mode & 0o777 == 0o700
