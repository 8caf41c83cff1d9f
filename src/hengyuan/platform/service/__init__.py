"""The platform as a service of the machine (systemd): its units, and its signs of life."""
