"""The main job on the embedded cloud: send events, wait until they are processed, account for each, query the result."""
