"""Bodies of the subcommands of `homeshore plan` that are more than a call into `stacks.sizing`."""
