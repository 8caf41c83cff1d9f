"""The page on which heads see how the platform stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.urls import reverse

from hengyuan.platform.backup import notes


@pytest.fixture
def page(client, cast, settings, tmp_path):
    settings.HENGYUAN_HOME = tmp_path
    client.force_login(cast.county_head)
    return lambda: client.get(reverse("operations:overview")).content.decode()


def whole(ended_at: datetime) -> notes.Whole:
    return notes.Whole(
        name="20261124T023000Z",
        target="/backup",
        began_at=ended_at,
        ended_at=ended_at,
        size_bytes=5_000_000_000,
        new_bytes=7_000_000,
        records=123_456,
        files=4_321,
        is_verified=True,
    )


def test_without_a_backup_it_says_what_to_do(page):
    text = page()
    assert "尚无备份" in text
    assert "hengyuan platform backup" in text


def test_the_last_backup_is_shown_with_what_it_holds(page, tmp_path):
    notes.note_whole(tmp_path, whole(datetime.now(UTC) - timedelta(hours=3)))
    text = page()
    assert "/backup/20261124T023000Z" in text
    assert "123,456" in text
    assert "已回读校验" in text
    assert "超过一天" not in text


def test_an_old_backup_and_a_failed_one_are_told(page, tmp_path):
    notes.note_whole(tmp_path, whole(datetime.now(UTC) - timedelta(days=2)))
    assert "超过一天" in page()
    notes.note_begun(tmp_path, Path("/backup"))
    assert "进行中或被中断" in page()
    notes.note_failed(tmp_path, Path("/backup"), "磁盘已满")
    assert "磁盘已满" in page()


def test_a_full_disk_is_told_in_words(page, settings):
    settings.OPERATIONS_DISK_FLOOR_MB = 10**9
    assert "MB 空间，至少需要" in page()
