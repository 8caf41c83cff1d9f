"""What the terminal keeps on its own disk: records, outbox, sightings, lanes, evidence files."""

from hengyuan.terminal.store.evidence import EvidenceFiles
from hengyuan.terminal.store.schema import UnusableStore
from hengyuan.terminal.store.store import Store
from hengyuan.terminal.store.terms import Appended, Draft, DueFile, KeptSighting, SightingKind
from hengyuan.terminal.store.timings import Timings, read_timings
from hengyuan.terminal.store.worker import StoreWorker

__all__ = [
    "Appended",
    "Draft",
    "DueFile",
    "EvidenceFiles",
    "KeptSighting",
    "SightingKind",
    "Store",
    "StoreWorker",
    "Timings",
    "UnusableStore",
    "read_timings",
]
