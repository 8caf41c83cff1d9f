"""One listener per process for all open boards: hears what intake stores, and fans it out.

Boards of the same area and language share a channel. It reads the database once, however many
look on, and at most four times a second, however many trucks come. Every ten seconds it reads
without being called, for the lights, for midnight, and for what a broken listener did not hear.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import asyncpg
import structlog
from django.db import Error as DatabaseError
from django.db import connection as django_connection
from django.db import connections

from hengyuan.platform import metrics
from hengyuan.platform.board.feed import Feed, Message
from hengyuan.platform.board.queries import Area
from hengyuan.platform.connections import connect
from hengyuan.platform.embedded import database_url

log = structlog.get_logger(__name__)

CHANNEL = "weighing"
COALESCE_S = 0.25
REFRESH_S = 10.0
RETRY_S = 2.0
# A browser opens six connections to a host at most; more boards than this would starve its pages.
MAX_STREAMS_PER_USER = 4
MAX_STREAMS = 500

T = TypeVar("T")


class TooManyStreams(Exception):
    """This person, or this process, has as many boards open as may be."""


class Subscription:
    """One open board. Holds at most one message: what it did not take yet is merged."""

    def __init__(self, channel: Channel, user_id: int, after: int | None) -> None:
        self.channel = channel
        self.user_id = user_id
        self.after = after
        self.is_closed = False
        self.is_stale = False
        self._pending: Message | None = None
        self._changed = asyncio.Event()

    def offer(self, message: Message) -> None:
        self._pending = message if self._pending is None else self._pending.merged(message)
        self.is_stale = False
        self._changed.set()

    def note_stale(self) -> None:
        """The database does not answer: what the page shows is no longer live."""
        self.is_stale = True
        self._changed.set()

    def close(self) -> None:
        self.is_closed = True
        self._changed.set()

    async def next(self, timeout_s: float) -> Message | None:
        """The next message; None when nothing came in time, or when the state changed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        self._changed.clear()
        message, self._pending = self._pending, None
        return message


class Channel:
    """All boards of one area in one language, or all its wall displays."""

    def __init__(self, hub: Hub, area: Area, language: str, screen: type[Feed]) -> None:
        self.area = area
        self.members: set[Subscription] = set()
        self._joining: list[Subscription] = []
        self._hub = hub
        self._feed = screen(area, language)
        self._called = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"board-{area.region}")

    def join(self, member: Subscription) -> None:
        self.members.add(member)
        self._joining.append(member)
        self._called.set()

    def leave(self, member: Subscription) -> bool:
        """True when nobody is left."""
        self.members.discard(member)
        return not self.members

    def call(self) -> None:
        """Something new may concern this area."""
        self._called.set()

    def concerns(self, county: int, unit_id: int | None) -> bool:
        """Whether news from that county, and unit where it is known, belong on this board."""
        scope = self.area.scope
        if scope.unit_id is not None:
            if unit_id is not None:
                return scope.unit_id == unit_id
            return int(self.area.region) == county
        return f"{county:06d}".startswith(scope.region_prefix or "-")

    def stop(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._feed.again_after_s or REFRESH_S):
                    await self._called.wait()
            self._called.clear()
            try:
                await self._tell()
            except (DatabaseError, OSError) as error:
                log.warning("board.database_away", region=self.area.region, error=str(error))
                for member in self.members:
                    member.note_stale()
                await asyncio.sleep(RETRY_S)
                self._called.set()
            except Exception:
                # the boards of an area must outlive a single bad row
                log.exception("board.failed", region=self.area.region)
                for member in self.members:
                    member.note_stale()
                await asyncio.sleep(REFRESH_S)
            else:
                await asyncio.sleep(COALESCE_S)

    async def _tell(self) -> None:
        joining, self._joining = self._joining, []
        try:
            news = await self._hub.in_thread(self._feed.changes)
            present = [member for member in self.members if member not in joining]
            if news is not None:
                for member in present:
                    member.offer(news)
            else:
                # the same as before is news to a board that was told it is stale
                joining += [member for member in present if member.is_stale]
            for after in {member.after for member in joining}:
                whole = await self._hub.in_thread(self._feed.whole, after)
                for member in joining:
                    if member.after == after:
                        member.offer(whole)
        except BaseException:
            self._joining = [*joining, *self._joining]
            raise


class Hub:
    """The channels of this process, its listener and its one thread for the database."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._channels: dict[tuple[Area, str, type[Feed]], Channel] = {}
        self._streams: Counter[int] = Counter()
        self._listener: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        metrics.board_connections.set_function(lambda: self.open_streams)

    @property
    def open_streams(self) -> int:
        return self._streams.total()

    def has_room(self, user_id: int) -> bool:
        """Whether this person may open one more board."""
        return self._streams[user_id] < MAX_STREAMS_PER_USER and self.open_streams < MAX_STREAMS

    def join(
        self,
        area: Area,
        language: str,
        user_id: int,
        after: int | None,
        screen: type[Feed] = Feed,
    ) -> Subscription:
        """A board is opened. TooManyStreams where one more would be too many."""
        if not self.has_room(user_id):
            raise TooManyStreams
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="board")
            self._listener = asyncio.create_task(self._listen(), name="board-listener")
        key = (area, language, screen)
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = Channel(self, area, language, screen)
        member = Subscription(channel, user_id, after)
        self._streams[user_id] += 1
        channel.join(member)
        return member

    def leave(self, member: Subscription) -> None:
        """A board was closed. With the last one of all, listener and thread end."""
        self._streams[member.user_id] -= 1
        if self._streams[member.user_id] <= 0:
            del self._streams[member.user_id]
        if member.channel.leave(member):
            member.channel.stop()
            self._channels = {
                key: channel
                for key, channel in self._channels.items()
                if channel is not member.channel
            }
        if not self._channels:
            self._rest()

    def close(self) -> None:
        """The server is going down: every board is told to come back."""
        for channel in self._channels.values():
            for member in channel.members:
                member.close()

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do database work in the hub's thread, on its one lasting connection."""
        if self._thread is None:
            raise OSError("the hub is at rest")
        return await self.loop.run_in_executor(
            self._thread, _on_lasting_connection(work), *arguments
        )

    def _rest(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            self._listener = None
        if self._thread is not None:
            self._thread.submit(connections.close_all)
            self._thread.shutdown(wait=False)
            self._thread = None

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                log.warning("board.not_listening", error=str(error))
            await asyncio.sleep(RETRY_S)

    async def _listen_once(self) -> None:
        connection = await connect(database_url(str(django_connection.settings_dict["NAME"])))
        try:
            gone = asyncio.Event()
            connection.add_termination_listener(lambda *_: gone.set())
            await connection.add_listener(CHANNEL, self._heard)
            # whatever came while nobody listened
            for channel in self._channels.values():
                channel.call()
            await gone.wait()
        finally:
            await asyncio.shield(connection.close(timeout=5))

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        try:
            notice = json.loads(payload)
            places = {(place[0], place[1]) for place in notice.get("ranges", ())}
            places |= {(county, None) for county in notice.get("counties", ())}
        except (ValueError, TypeError, IndexError, AttributeError):
            log.warning("board.unreadable_notice", payload=payload[:200])
            return
        for channel in self._channels.values():
            if any(channel.concerns(*place) for place in places):
                channel.call()


def _on_lasting_connection(work: Callable[..., T]) -> Callable[..., T]:
    def done(*arguments: Any) -> T:
        try:
            return work(*arguments)
        except DatabaseError:
            # the next attempt begins on a fresh connection
            django_connection.close()
            raise

    return done


_hub: Hub | None = None


def hub() -> Hub:
    """The hub of this process; a test's next event loop gets a new one."""
    global _hub
    if _hub is None or _hub.loop is not asyncio.get_running_loop():
        _hub = Hub()
    return _hub


def close_hub() -> None:
    """End all streams of this process, if it has any."""
    if _hub is not None and not _hub.loop.is_closed():
        _hub.close()
