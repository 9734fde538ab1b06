"""The command line: `chat`, `embed`, `upload`, `batch` and `models`.

Results go to standard output, everything else to standard error. A command is a function of a
`Session` and its own options, and returns an exit code if that is not 0; `_session` makes it one.
Nothing here is imported by the library, and nothing here decides what the library could.
"""
