"""Two-step login: a code of the person's telephone after the password (TOTP, RFC 6238).

The shared secret and the counting of failures are django-otp's; recovery codes are ours, because
only their digests are kept.
"""

from __future__ import annotations

import secrets
from base64 import b32encode

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_totp.models import TOTPDevice

from hengyuan.platform.accounts import access
from hengyuan.platform.accounts.models import AccessKind, RecoveryCode, User

RECOVERY_CODES = 10
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U to misread
_RECOVERY_CHARS, _GROUP_CHARS = 12, 4  # 60 bits
_DEVICE = "totp"


class TryLater(ValueError):
    """Too many wrong codes: `wait_s` is how long the next try is refused."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


def is_on(person: User) -> bool:
    """The person is asked for a code after the password."""
    return bool(TOTPDevice.objects.filter(user=person, confirmed=True).exists())


def codes_left(person: User) -> int:
    """Recovery codes that have not been used."""
    return RecoveryCode.objects.filter(person=person, used_at=None).count()


# turning it on


def begin(person: User) -> TOTPDevice:
    """The secret that the person's telephone is to be given; the same until it is confirmed."""
    device = TOTPDevice.objects.filter(user=person, confirmed=False).first()
    return device or TOTPDevice.objects.create(user=person, name=_DEVICE, confirmed=False)


def secret_text(device: TOTPDevice) -> str:
    """The secret as it is typed in by hand, in groups of four."""
    text = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


@transaction.atomic
def confirm(person: User, code: str) -> list[str] | None:
    """Turn it on with a code that the telephone shows: the recovery codes, this once.

    None for a wrong code. Raises TryLater.
    """
    device = begin(person)
    if not _is_right(device, code):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    TOTPDevice.objects.filter(user=person).exclude(pk=device.pk).delete()
    access.note(AccessKind.TWO_STEP_ON, person)
    return _new_codes(person)


@transaction.atomic
def renew_codes(person: User) -> list[str]:
    """Ten new recovery codes in place of the ones before, shown this once."""
    access.note(AccessKind.RECOVERY_MADE, person)
    return _new_codes(person)


# at login


def verify(person: User, code: str) -> bool:
    """True for the code that the telephone shows now, or an unused recovery code. TryLater."""
    device = TOTPDevice.objects.filter(user=person, confirmed=True).first()
    if device is None:
        return False
    if _looks_like_recovery(code):
        return _use_recovery_code(person, device, code)
    if _is_right(device, code):
        return True
    access.note(AccessKind.CODE_FAILED, person)
    return False


# turning it off


@transaction.atomic
def turn_off(person: User) -> None:
    """By the person."""
    if remove(person):
        access.note(AccessKind.TWO_STEP_OFF, person)


@transaction.atomic
def reset_by(by: User, person: User) -> bool:
    """By a head, where telephone and recovery codes are lost; False if it was not on."""
    if not remove(person):
        return False
    access.note(AccessKind.TWO_STEP_RESET, by, about=person)
    return True


def remove(person: User) -> bool:
    """Forget secret and recovery codes; False if there were none."""
    RecoveryCode.objects.filter(person=person).delete()
    was_on = is_on(person)
    TOTPDevice.objects.filter(user=person).delete()
    return was_on


def _is_right(device: TOTPDevice, code: str) -> bool:
    # the row is held, so that of two tries with the same code one is the second
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        _refuse_if_throttled(device)
        return bool(device.verify_token("".join(code.split())))


def _refuse_if_throttled(device: TOTPDevice) -> None:
    allowed, why = device.verify_is_allowed()
    if not allowed:
        until = why.get("locked_until") or timezone.now()
        raise TryLater(max(1, round((until - timezone.now()).total_seconds())))


def _looks_like_recovery(code: str) -> bool:
    return len(_meant(code)) == _RECOVERY_CHARS


def _use_recovery_code(person: User, device: TOTPDevice, code: str) -> bool:
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        _refuse_if_throttled(device)
        used = RecoveryCode.objects.filter(
            person=person, code_hash=_hash(person, code), used_at=None
        ).update(used_at=timezone.now())
        if used:
            device.throttle_reset()
        else:
            device.throttle_increment()
    access.note(AccessKind.RECOVERY_USED if used else AccessKind.CODE_FAILED, person)
    return bool(used)


def _new_codes(person: User) -> list[str]:
    RecoveryCode.objects.filter(person=person).delete()
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(person=person, code_hash=_hash(person, code)) for code in codes]
    )
    return codes


def _new_code() -> str:
    text = "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_CHARS))
    return "-".join(text[at : at + _GROUP_CHARS] for at in range(0, len(text), _GROUP_CHARS))


def _meant(code: str) -> str:
    """Hyphens, spaces and case do not count, O is 0, I and L are 1."""
    return code.upper().translate(str.maketrans("OIL", "011", "- \t"))


def _hash(person: User, code: str) -> str:
    # with the platform's key: the table alone does not serve to guess them
    return salted_hmac(
        f"hengyuan.recovery.{person.pk}", _meant(code), algorithm="sha256"
    ).hexdigest()
