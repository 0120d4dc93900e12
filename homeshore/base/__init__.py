"""The clean room for another revision of the program: checked out apart, run apart, compared as plain data.

`revision` finds what REF means, `worktree` checks it out for as long as a block lasts, `environment` says what the
other program may see, `run` gets its snapshots, `diff` compares two snapshots, `text` and `model` tell the outcome.
"""
