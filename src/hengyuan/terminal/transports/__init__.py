"""Byte streams to devices: serial ports and TCP, opened again for ever when they break."""
