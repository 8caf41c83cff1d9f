"""The same outage for what a user could take instead: Node-RED, ThingsBoard's gateway, and us."""
