"""Setting a terminal up: what an installer is asked, and what comes of the answers.

dialogue     how questions are put and answered: at a screen, or from a file
draft        what has been answered so far, kept so that a setup can be gone on with
toml_text    the configuration as a file that people can read
writing      the one file, checked, put in place whole
recognition  which scale speaks like these bytes
listening    bytes from a line, at one speed after another
network      which ports answer on the segment that it was told
wizard       the order of the parts; each part is a module `…_part`
"""
