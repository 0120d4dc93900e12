"""The worker's entry: a process that pulls until it is told to stop."""

import sys

from processor.gcp_pubsub import main

if __name__ == "__main__":
    sys.exit(main())
