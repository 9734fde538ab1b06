"""Long runs, and the short ones of them that are tests: nothing is left, lost or swapped.

A case is a function of a server and a count. Each runs in a process of its own in which warnings
are errors, so that it knows every file descriptor, and so that what goes wrong while garbage is
collected or the interpreter ends is seen as well. `python -m soak` runs all of them, long.
"""
