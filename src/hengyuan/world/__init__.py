"""A simulated city: trucks, gates and devices with known truth, for demo, tests and benchmarks.

The masses and spacings are real, measured ones; everything that could point at a person or a
company (plates, units, names) is invented, and overloads that were made are labelled as made.
Nothing but the command line, tests and benchmarks may use this package.
"""
