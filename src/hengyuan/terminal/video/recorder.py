"""One thread for each stream: connect, cut into segments, write them down, begin again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from hengyuan.terminal.config_video import VideoStreamTable
from hengyuan.terminal.devices import Counters, DeviceState
from hengyuan.terminal.transports.link import Backoff
from hengyuan.terminal.video.chunks import Kept
from hengyuan.terminal.video.muxer import SCALE, Muxer, Segment
from hengyuan.terminal.video.ring import Ring
from hengyuan.terminal.video.source import NotPlayable, Source, Unit
from hengyuan.terminal.video.timeline import Timeline

log = structlog.get_logger(__name__)

_NOT_PLAYABLE_S = 60.0


@dataclass(frozen=True, slots=True)
class Announced:
    """A segment that was written, and the initialisation segment that it needs."""

    kept: Kept
    init: bytes
    run: int
    """Grows whenever the stream begins anew, over restarts too; segments of one run need one
    initialisation segment and follow each other without a gap."""


class Recorder:
    """The work of one stream. `announce` is called in its thread."""

    def __init__(
        self,
        stream: VideoStreamTable,
        folder: Path,
        ring: Ring,
        now_ms: Callable[[], float],
        announce: Callable[[Announced], None],
    ) -> None:
        self.stream = stream
        self.ring = ring
        self.counters = Counters()
        self.may_write = True
        """False while the disk is too full for recordings."""
        self._folder = folder
        self._now_ms = now_ms
        self._announce = announce
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"video {stream.name}", daemon=True)
        self._tried = False
        self._connected = False
        self._fault: str | None = None
        self._packet_at = 0.0
        self._muxer: Muxer | None = None
        self._sets: frozenset[bytes] = frozenset()
        self._timeline = Timeline()
        self._anew = True
        self._number_of_run = 0
        self._log = log.bind(video=stream.name)

    @property
    def state(self) -> DeviceState:
        """How the stream is now."""
        if self._fault is not None:
            return DeviceState.FAULT
        if not self._connected:
            return DeviceState.OFFLINE if self._tried else DeviceState.UNKNOWN
        if time.monotonic() - self._packet_at > self.stream.stale_s:
            return DeviceState.STALE
        return DeviceState.OK

    def start(self) -> None:
        """Begin recording; once begun, it goes on until it is asked to stop."""
        if not self._thread.ident:
            self._thread.start()

    def ask_to_stop(self) -> None:
        """The thread ends with the next packet."""
        self._stop.set()

    def join(self, most_s: float) -> None:
        """Wait until it has ended, though not for long: it may wait for a silent camera."""
        if self._thread.is_alive():
            self._thread.join(most_s)

    # in the thread

    def _run(self) -> None:
        backoff = Backoff(0.5, 30.0)
        while not self._stop.is_set():
            frames = self.counters.frames
            wait_s = 0.0
            try:
                self._load()
                self._session()
                self._note("the stream ended")
            except NotPlayable as error:
                self._fault = str(error)
                wait_s = _NOT_PLAYABLE_S
                self._note(str(error))
            except OSError as error:
                self._note(_words(error))
            except Exception as error:
                # a stream so broken that FFmpeg or our own code stumbles takes nothing else down
                self._log.exception("video.session_failed")
                self.counters.last_error = type(error).__name__
            finally:
                self._connected = False
                self._tried = True
            if self.counters.frames > frames:
                backoff.reset()
            self._stop.wait(max(wait_s, backoff.next_s()))
        self.ring.close()

    def _load(self) -> None:
        if self.ring.loaded:
            return
        try:
            self.ring.load()
        except OSError as error:
            self._full(_words(error))
            raise
        # more than any run before: each has had a segment at least
        self._number_of_run = self.ring.next_number

    def _session(self) -> None:
        source = Source(self.stream, self._folder, self.stream.silence_s)
        try:
            self._packet_at = time.monotonic()
            self._connected, self._fault = True, None
            self.counters.connects += 1
            self.counters.last_error = None
            self._log.info("video.connected", codec=source.codec)
            self._timeline = Timeline()
            for unit in source.units():
                if self._stop.is_set():
                    break
                self._take(source, unit)
        finally:
            source.close()
            self._finish()

    def _take(self, source: Source, unit: Unit) -> None:
        packet = unit.packet
        assert packet.dts is not None
        self._packet_at = time.monotonic()
        self.counters.octets += packet.size
        self.counters.frames += 1
        if unit.begins_anew:
            self._finish()
            self._timeline = Timeline()
        self._timeline.arrived(packet.dts / SCALE, self._packet_at)
        if packet.is_keyframe and (self._muxer is None or not set(unit.sets) <= self._sets):
            self._finish()
            self._begin(source, unit)
        if self._muxer is not None and (segment := self._muxer.push(packet)):
            self._keep(segment)

    def _begin(self, source: Source, unit: Unit) -> None:
        sets = unit.sets or source.sets
        if not sets:
            return
        muxer = Muxer(source.codec, sets, bytes(unit.packet))
        self._log.info("video.begins", codec=source.codec, size=muxer.size)
        self._muxer = muxer
        self._sets = frozenset(sets)
        self._anew = True
        self.ring.begin(muxer.init)

    def _finish(self) -> None:
        """Keep what the broken-off stream has left."""
        muxer, self._muxer = self._muxer, None
        if muxer is not None and (segment := muxer.finish()):
            self._keep(segment, muxer)

    def _keep(self, segment: Segment, muxer: Muxer | None = None) -> None:
        muxer = muxer or self._muxer
        assert muxer is not None
        if not self.may_write:
            # closed, so that it can be let go of as well
            self.ring.begin(muxer.init)
            self._full("too little space is left on the disk")
            return
        try:
            age_s = time.monotonic() - self._timeline.seen_s(segment.begins / SCALE)
            kept = self.ring.append(
                round(self._now_ms() - age_s * 1000),
                round(segment.duration * 1000 / SCALE),
                segment.data,
            )
        except OSError as error:
            self._full(_words(error))
            return
        if self._fault is not None:
            self._log.info("video.recording_again")
            self._fault = None
        if self._anew:
            self._anew = False
            self._number_of_run += 1
        self._announce(Announced(kept, muxer.init, self._number_of_run))

    def _full(self, why: str) -> None:
        self._anew = True
        if self._fault != why:
            self._fault = why
            self.counters.last_error = why
            self._log.error("video.not_recorded", why=why)

    def _note(self, why: str) -> None:
        if why != self.counters.last_error and not self._stop.is_set():
            self._log.warning("video.lost", why=why)
        self.counters.last_error = why


def _words(error: OSError) -> str:
    """Without file names or addresses: what an address holds beside the host is secret."""
    return error.strerror or str(error)
