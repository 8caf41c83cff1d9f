"""The weighing lane: from scale frames to passages, from passages to records and verdicts."""
