"""The platform as a process: it starts from nothing, stops cleanly, and survives being killed."""

import signal
import socket
import subprocess

import httpx
import psycopg
import pytest
from django.test import RequestFactory
from whitenoise.responders import StaticFile

from hengyuan.platform.assets import StaticFiles
from tests.platform.running.conftest import command, environment


def get(address: str, path: str) -> httpx.Response:
    return httpx.get(address + path, trust_env=False, timeout=30)


def test_from_nothing_to_the_login_page_and_back(run_platform):
    platform = run_platform()
    page = get(platform.address, "/account/login/")
    assert page.status_code == 200
    assert "衡源" in page.text
    assert platform.end(signal.SIGTERM) == 0
    assert not platform.postgres.is_running()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_open_request_does_not_hold_up_the_end(run_platform, how):
    platform = run_platform()
    host, port = platform.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as half_asked:
        half_asked.sendall(
            b"POST /account/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf"
        )
        get(platform.address, "/account/login/")
        assert platform.end(how) == 0
    assert not platform.postgres.is_running()


def test_after_a_kill_it_starts_again_on_the_same_data(run_platform):
    first = run_platform()
    add = command("platform", "user", "add", "clerk", "--name", "某人", "--role", "clerk")
    add += ["--region", "141024", "--keep", "--password-stdin"]
    subprocess.run(
        add, input="long-enough-for-1\n", text=True, check=True, env=environment(first.home)
    )
    first.end(signal.SIGKILL)
    assert first.postgres.is_running()
    second = run_platform()
    with psycopg.connect(second.postgres.url()) as connection:
        found = connection.execute("SELECT username FROM accounts_user").fetchall()
    assert found == [("clerk",)]
    assert second.end(signal.SIGTERM) == 0
    assert not second.postgres.is_running()


def test_a_database_that_was_killed_is_started_again(run_platform):
    import os

    platform = run_platform()
    pid = platform.postgres.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    # no waiting by the clock: asked until it answers again, the test's own time limit is the bound
    while True:
        answer = get(platform.address, "/units/nothing/")
        if answer.status_code == 302 and platform.postgres.pid() not in (None, pid):
            break
    assert platform.end(signal.SIGTERM) == 0


def test_an_address_that_is_taken_is_told_in_one_line(platform_home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = subprocess.run(
            command("platform", "run", "--port", port),
            env=environment(platform_home),
            capture_output=True,
            text=True,
        )
    assert refused.returncode == 1
    assert port in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (platform_home / "postgres").exists()


def test_files_of_the_look_are_served_with_an_address_that_follows_their_content(run_platform):
    platform = run_platform()
    page = get(platform.address, "/account/login/").text
    address = page.split('rel="stylesheet" href="')[2].split('"')[0]
    style = get(platform.address, address)
    assert "?v=" in address
    assert style.headers["content-type"].startswith("text/css")
    assert "--over" in style.text
    assert get(platform.address, "/static/no-such-file.css").status_code == 404


def test_every_page_forbids_what_it_does_not_need(run_platform):
    headers = get(run_platform().address, "/account/login/").headers
    policy = {
        part.split()[0]: part.split()[1:] for part in headers["content-security-policy"].split(";")
    }
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["default-src"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["object-src"] == ["'none'"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers


def test_a_file_that_was_replaced_under_a_running_server_is_served_whole(tmp_path):

    path = tmp_path / "some.css"
    path.write_text("short")
    known = StaticFile(str(path), [])
    path.write_text("much longer than before")
    answer = StaticFiles.serve(known, RequestFactory().get("/static/some.css"))
    assert answer.content == b"much longer than before"
    assert answer["Content-Length"] == str(len(answer.content))
