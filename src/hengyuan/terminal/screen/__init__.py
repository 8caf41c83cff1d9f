"""The web server of the gate: cameras push to it, displays and the gatekeeper look at it."""
