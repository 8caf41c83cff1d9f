"""Cameras' streams: recorded in a ring on disk, shown live, cut into clips. No picture is decoded.

`video.Video` is the door; nothing else of this package is for the other rooms of the terminal.
"""
