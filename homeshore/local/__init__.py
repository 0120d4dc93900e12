"""The embedded cloud: an AWS emulator on 127.0.0.1 with the stack applied to it."""
