"""What is weighed and how it travels: record, canonical line, chain, signature, batch, answer.

Pure: no files, sockets or clocks. The terminal makes records with it, the platform checks them
with it, and `hengyuan record verify` re-checks an exported chain with nothing else at hand.
The written form of all of it is `docs/protocol.md`.
"""
