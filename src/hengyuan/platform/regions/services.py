"""Loading the divisions that come with the program."""

from typing import Any


def load_divisions(region_model: Any) -> None:
    raise NotImplementedError
