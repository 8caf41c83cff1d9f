"""Only what was told is looked at."""

import asyncio

import pytest

from hengyuan.terminal.setup.network import BadSegment, scan, segment


def test_a_segment_is_its_hosts():
    assert segment("192.168.1.0/30") == ["192.168.1.1", "192.168.1.2"]
    assert segment(" 192.168.1.77 ") == ["192.168.1.77"]


@pytest.mark.parametrize("text", ["gate", "192.168.1.0/99", "10.0.0.0/8", "8.8.8.0/28", ""])
def test_no_segment_no_large_one_and_none_of_others(text):
    with pytest.raises(BadSegment):
        segment(text)


def test_the_ports_that_answer_are_found_and_hear_nothing():
    heard = bytearray()

    async def run():
        closed = asyncio.Event()

        async def serve(reader, writer):
            heard.extend(await reader.read())
            writer.close()
            closed.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        shut = await asyncio.start_server(serve, "127.0.0.1", 0)
        shut_port = shut.sockets[0].getsockname()[1]
        shut.close()
        await shut.wait_closed()
        found = await scan(["127.0.0.1"], ports={port: ("scale",), shut_port: ("onbon",)})
        await closed.wait()
        server.close()
        return port, found

    port, found = asyncio.run(run())
    assert [(each.host, each.port) for each in found] == [("127.0.0.1", port)]
    assert heard == b""
