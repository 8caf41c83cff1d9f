"""Software for terminals: signed at the county, offered, fetched by whoever wants it."""

import shutil

import msgspec
import pytest
from typer.testing import CliRunner

from hengyuan.cli.platform import app
from hengyuan.platform import software
from hengyuan.platform.home import home_dir
from hengyuan.platform.signing_key import signing_key
from hengyuan.record.directives import Sealed, open_sealed

pytestmark = pytest.mark.django_db

ASK = "/api/terminals/v1/software"


@pytest.fixture
def sign(tmp_path):
    """Sign a file of that version under a number."""

    def signed(version, number, *more):
        file = tmp_path / f"hengyuan-{version}-py3-none-any.whl"
        file.write_bytes(f"the program, {version}".encode())
        command = ["sign-software", str(file), "--number", str(number), *more]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        return file

    yield signed
    shutil.rmtree(home_dir() / software.FOLDER, ignore_errors=True)


def test_the_newest_by_its_number_is_offered(sign, client):
    sign("0.3.0", 7, "--offer")
    sign("0.4.0", 6, "--offer")
    sign("0.9.0", 9)
    said = client.get(ASK).json()
    assert said["file"] == "hengyuan-0.3.0-py3-none-any.whl"
    key = signing_key()
    sealed = msgspec.convert(said["signed"], Sealed)
    order = open_sealed(
        sealed, key.suite.name, bytes.fromhex(key.public_hex), "14102451001-01", "software"
    )
    assert order.version == 7
    file = client.get(f"{ASK}/{said['file']}")
    data = b"".join(file.streaming_content)
    assert data == b"the program, 0.3.0"
    assert order.body == {
        "file": said["file"],
        "size": len(data),
        "sm3": key.suite.digest(data).hex(),
    }


def test_nothing_else_of_the_home_can_be_fetched(sign, client):
    sign("0.3.0", 1, "--offer")
    assert client.get(f"{ASK}/hengyuan-0.3.0-py3-none-any.whl.signed.json").status_code == 404
    for name in ("platform_signing.key", "..%2Fplatform_signing.key", "secret_key"):
        assert client.get(f"{ASK}/{name}").status_code == 404


def test_where_nothing_is_offered_that_is_said(client):
    assert client.get(ASK).status_code == 404
