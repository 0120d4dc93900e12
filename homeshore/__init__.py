"""The command line: the program in an in-process engine, the embedded cloud, and what people read."""
