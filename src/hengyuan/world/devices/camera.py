"""A plate camera: it pushes each event to the terminal until the terminal takes it."""

import asyncio
import random
import time
import uuid
from dataclasses import replace
from datetime import datetime

import httpx
import structlog

from hengyuan.terminal.devices import Picture, PlateEvent
from hengyuan.world.devices.camera_makes import MAKES, MakeName
from hengyuan.world.pictures import Snapshot
from hengyuan.world.trucks import Truck

log = structlog.get_logger(__name__)

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 1.0
ANSWER_TIMEOUT_S = 5.0


class Camera:
    """One camera in front of the scale. `url` is where it was told to push to."""

    def __init__(self, url: str, name: str, seed: int, make: MakeName = "hikvision") -> None:
        self.url = url
        self.make = MAKES[make]
        self.name = name
        self.pushed = 0
        self.repeated = 0
        # never a number of an earlier run's: terminals remember what they have taken
        self.numbered = int(time.time()) * 1000
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
            pictures=self._taken(pictures),
            retransmission=False,
            camera=self.name,
        )

    def _taken(self, pictures: Snapshot) -> tuple[Picture, ...]:
        all_of_them = (
            Picture("plate", "image/jpeg", pictures.plate),
            Picture("head", "image/jpeg", pictures.head),
            Picture("panorama", "image/jpeg", pictures.panorama),
        )
        return tuple(picture for picture in all_of_them if picture.kind in self.make.carries)

    async def push(self, event: PlateEvent) -> int:
        """Deliver it, however long that takes; how many tries it took.

        The first try is the live event. What the terminal did not answer as the make wants it is
        sent again as the same event, marked as a retransmission.
        """
        self.numbered += 1
        number = self.numbered
        wait_s = FIRST_WAIT_S
        tries = 1
        while not await self._try(replace(event, retransmission=tries > 1), number):
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
            tries += 1
            self.repeated += 1
        self.pushed += 1
        return tries

    async def _try(self, event: PlateEvent, number: int) -> bool:
        content_type, body = self.make.push(event, number)
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
        return answer.status_code == 200 and self.make.took(answer.content)
