"""The in-process engine: runs the Pulumi program unmodified against a recording monitor."""
