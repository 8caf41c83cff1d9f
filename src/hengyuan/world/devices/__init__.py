"""Simulated devices of a gate. Each speaks its maker's protocol over a real channel."""
