"""Backups of a whole platform, and the way back (docs/adr/0015-backup.md)."""
