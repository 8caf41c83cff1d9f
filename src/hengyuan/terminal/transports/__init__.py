"""Byte streams to devices, opened again for ever when they break; recorded and played again."""
