"""The main job on the embedded cloud: send events, wait for the processor, account for each, query the result."""
