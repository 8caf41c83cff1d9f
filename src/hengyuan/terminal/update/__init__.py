"""New software beside the old one, tried, switched to, and back again where it does not work.

package   a file and the county's signature over it
versions  which versions there are, and which one runs: text files, for Windows has no links
install   a new version in an environment of its own, tried before anything is switched
launcher  keeps the current version running; goes back where a new one is not healthy
"""
