"""The platform's signing key: one, whoever asks first and however many at once."""

import stat
import threading

import pytest

from hengyuan.platform.signing_key import FILE_NAME, NoSigningKey, signing_key


def test_many_threads_that_ask_first_get_the_same_key(tmp_path):
    at_once = threading.Barrier(8)
    found: list[str] = []

    def ask():
        at_once.wait()
        found.append(signing_key(tmp_path).public_hex)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_only_its_owner_reads_it(tmp_path):
    signing_key(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_damaged_file_is_named_and_its_content_not_shown(tmp_path):
    (tmp_path / FILE_NAME).write_text('{"suite": "SM2-SM3", "secret": "c0ffee"}')
    with pytest.raises(NoSigningKey, match=FILE_NAME) as refused:
        signing_key(tmp_path)
    assert "c0ffee" not in str(refused.value)
