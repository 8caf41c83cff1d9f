"""A Hikvision plate camera: it pushes each event to the terminal until the terminal takes it."""

import asyncio
import random
import uuid
from dataclasses import replace
from datetime import datetime

import httpx
import structlog

from hengyuan.terminal.devices import Picture, PlateEvent
from hengyuan.terminal.drivers.hikvision import codec
from hengyuan.world.pictures import Snapshot
from hengyuan.world.trucks import Truck

log = structlog.get_logger(__name__)

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 1.0
ANSWER_TIMEOUT_S = 5.0


class Camera:
    """One camera in front of the scale. `url` is where it was told to push to."""

    def __init__(self, url: str, name: str, seed: int) -> None:
        self.url = url
        self.name = name
        self.pushed = 0
        self.repeated = 0
        self._chance = random.Random(seed)
        self._client = httpx.AsyncClient(timeout=ANSWER_TIMEOUT_S, trust_env=False)

    async def close(self) -> None:
        """Switch it off."""
        await self._client.aclose()

    def event(self, truck: Truck, at: datetime, pictures: Snapshot) -> PlateEvent:
        """What the camera saw of a truck; `at` is the time by its own clock, aware."""
        return PlateEvent(
            # never one of an earlier run's: terminals remember what they have taken
            event_id=str(uuid.uuid4()),
            plate=truck.plate,
            colour=truck.plate_colour,
            confidence=self._chance.randint(88, 99),
            lane=1,
            camera_at=at,
            received_at=at,
            direction="forward",
            pictures=(
                Picture("plate", "image/jpeg", pictures.plate),
                Picture("head", "image/jpeg", pictures.head),
                Picture("panorama", "image/jpeg", pictures.panorama),
            ),
            retransmission=False,
            camera=self.name,
        )

    async def push(self, event: PlateEvent) -> int:
        """Deliver it, however long that takes; how many tries it took.

        The first try is the live event. What the terminal did not answer with 200 is sent again
        with the same UUID, marked as a retransmission.
        """
        wait_s = FIRST_WAIT_S
        tries = 1
        while not await self._try(event if tries == 1 else replace(event, retransmission=True)):
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
            tries += 1
            self.repeated += 1
        self.pushed += 1
        return tries

    async def _try(self, event: PlateEvent) -> bool:
        content_type, body = codec.build_push(event, boundary=f"boundary-{event.event_id}")
        try:
            answer = await self._client.post(
                self.url, content=body, headers={"content-type": content_type}
            )
        except httpx.HTTPError as error:
            log.info("camera.no_answer", camera=self.name, error=repr(error))
            return False
        if answer.status_code != 200:
            log.warning(
                "camera.refused",
                camera=self.name,
                status=answer.status_code,
                answer=answer.text[:200],
            )
        return answer.status_code == 200
