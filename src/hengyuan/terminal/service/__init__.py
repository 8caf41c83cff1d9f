"""The terminal as a service of the machine: systemd here; docs/windows.md for Windows."""
