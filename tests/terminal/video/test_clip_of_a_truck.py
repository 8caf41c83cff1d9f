"""From a truck over its limit to the clip in its record, with a stream that is truly recorded."""

import asyncio

import av
import pytest

from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for
from tests.terminal.video.streams import cameras


@pytest.mark.slow
def test_the_seconds_before_an_overloaded_truck_are_in_its_record(tmp_path, small):
    county = County()

    async def scenario():
        with cameras({"front": small}) as eyes:
            videos = [{"name": "车头", "url": eyes.url("front"), "view": "front"}]
            clips = {"look_back_s": 3, "after_s": 1}
            async with (
                county.listening() as url,
                open_gate() as gate,
                site(
                    tmp_path, url, identity_for(county), gate, videos=videos, clips=clips
                ) as at,
            ):  # fmt: skip
                live = at.terminal.video.live("车头")
                for _ in range(5):
                    await anext(live)
                await at.push("晋L12345")
                at.roll_on(31_500)
                at.axles(31_500)
                await at.shown("晋L12345", "超限 6.50 吨")
                await at.until(lambda: at.terminal.board.lanes[1].phase.value == "told")
                at.roll_off()
                await at.until(lambda: len(at.records()) == 2)
                await at.uploaded()
                first, second = county.records
                assert second.corrects == first.seq
                (digest,) = [f.digest for f in second.files if f.kind == "head_clip"]
                assert digest in county.files
                path = at.terminal.worker.files.path(digest)
        with av.open(str(path)) as file:
            assert sum(1 for _ in file.decode(video=0)) > 10
            assert file.duration / av.time_base > 3

    asyncio.run(scenario())
