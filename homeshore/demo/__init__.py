"""The main job on a cloud's emulators: send events, wait for the processor, account for each, query the result."""
