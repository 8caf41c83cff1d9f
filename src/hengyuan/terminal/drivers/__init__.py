"""One folder per driver, found by looking, not by a list. See docs/drivers.md."""
