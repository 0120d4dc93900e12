"""`homeshore policy backstop`: the guard of a stack, judged against the stack itself, shown and written."""
