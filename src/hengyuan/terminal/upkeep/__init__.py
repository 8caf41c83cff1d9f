"""Keeping a gate in order: self-checks, zeros, verifications, repairs, emergency plans."""
