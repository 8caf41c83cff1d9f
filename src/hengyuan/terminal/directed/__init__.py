"""What the county sets from afar: settings laid over the installer's file, and rule packs.

trust      whose signature counts
part       which settings the county may set, and how they are laid over the file
book       what is in force, what was before, and what is on trial
inbox      the commands `configure` and `rule_pack`
trial      a new configuration is watched, and taken back if a device goes dark
effective  the configuration that a terminal runs with
"""
