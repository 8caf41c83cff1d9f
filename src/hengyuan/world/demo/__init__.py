"""The demo: a platform, terminals and their world as programs of their own, started and stopped."""
