"""A ticket of nobody, to try a printer with: every line, long texts, a code that leads nowhere."""

from __future__ import annotations

from gettext import NullTranslations

from hengyuan.record.model import Record
from hengyuan.terminal.screen.tickets import Issuer, Ticket, make_ticket
from hengyuan.terminal.screen.vocabulary import Vocabulary

_SAMPLE = Record(
    v=1,
    terminal="SAMPLE",
    seq=1,
    kind="exit",
    lane=1,
    weighed_at=1_790_000_000_000,
    gross_kg=48_620,
    tare_kg=15_020,
    net_kg=33_600,
    limit_kg=49_000,
    verdict="pass",
    rule_pack="sample",
    axles=6,
    layout="1+2+3",
    plate="晋A00000",
    trailer_plate="晋A000挂",
    cargo="0100",
    note_no="SAMPLE-000001",
    carrier="示例运输有限责任公司",
    destination="示例县示例镇示例发电厂",
    operator="示例",
)


def sample_ticket(
    platform_url: str, words: NullTranslations, chinese: bool, printed_ms: int
) -> Ticket:
    """The sample in the language of the gate."""
    issuer = Issuer("示例源头单位", _SAMPLE.terminal, platform_url)
    return make_ticket(_SAMPLE, bytes(32), issuer, Vocabulary(words, chinese), words, printed_ms)
