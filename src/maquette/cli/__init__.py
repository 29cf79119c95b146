"""The command line, one file a command: parse, call, print.

Only `main` is imported at first; a command's file is imported when it is asked for and imports torch when it
starts to work, so that `--help` and refusals come at once. Knows no algorithm.
"""
