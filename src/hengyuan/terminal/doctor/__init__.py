"""What is wrong with a terminal, in words, and what to do about it.

findings      one thing that was looked at
identity      configuration, enrolment, files
store_checks  the store, its chain, what waits, the disk
line_checks   the devices, one after the other, while no terminal runs
running       what a running terminal says of itself
machine       service, libraries, fonts
doctor        all of them
"""
