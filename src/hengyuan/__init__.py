"""衡源 Hengyuan: weigh, film and record every truck at its source; supervise with the records."""

__version__ = "0.1.0"
