"""One folder per driver, found by looking. How to add one: docs/drivers.md."""
