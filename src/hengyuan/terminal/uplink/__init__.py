"""The way to the platform: records, evidence files, heartbeats, commands; one outbound line."""
