"""The newest software that the platform offers, with its signed order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import msgspec

from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.update.package import MAX_BYTES, BadPackage, version_of
from hengyuan.terminal.uplink.tls import tls_context
from hengyuan.terminal.words import installer_text as _

PATH = "/api/terminals/v1/software"
_PLAIN = re.compile(r"[A-Za-z0-9_.+-]+")


class _Offer(msgspec.Struct, frozen=True):
    file: str
    signed: dict[str, Any]


def fetch(platform: PlatformTable, folder: Path) -> tuple[Path, Path]:
    """File and order, below `folder`. BadPackage where none is offered, or none arrives whole.

    Nothing of it is trusted yet: the signature is looked at afterwards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with httpx.Client(
            base_url=platform.url.rstrip("/"),
            verify=tls_context(platform.ca_file),
            timeout=60,
            trust_env=False,
        ) as http:
            answer = http.get(PATH)
            if answer.status_code == 404:
                raise BadPackage(_("the platform offers no software"))
            answer.raise_for_status()
            offer = msgspec.json.decode(answer.content, type=_Offer)
            if not _PLAIN.fullmatch(offer.file):
                raise BadPackage(_("{name} is no name of a file").format(name=offer.file))
            version_of(Path(offer.file))
            file = folder / offer.file
            _download(http, f"{PATH}/{offer.file}", file)
    except (httpx.HTTPError, msgspec.MsgspecError, OSError) as error:
        raise BadPackage(_("not fetched: {why}").format(why=error)) from None
    signed = folder / f"{offer.file}.signed.json"
    signed.write_bytes(msgspec.json.encode(offer.signed))
    return file, signed


def _download(http: httpx.Client, path: str, file: Path) -> None:
    size = 0
    unfinished = file.with_name(f"{file.name}.part")
    with http.stream("GET", path) as answer, unfinished.open("wb") as out:
        answer.raise_for_status()
        for piece in answer.iter_bytes():
            size += len(piece)
            if size > MAX_BYTES:
                raise BadPackage(_("{name} is too large").format(name=file.name))
            out.write(piece)
    unfinished.replace(file)
