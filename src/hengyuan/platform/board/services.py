"""What the frame around the apps asks of the boards."""

from hengyuan.platform.board.hub import close_hub


def end_streams() -> None:
    """Tell every open board to come back later: the server is stopping. Call it in the loop."""
    close_hub()
