"""The job's entry: one run."""

import sys

from processor.lakehouse.job import main

if __name__ == "__main__":
    sys.exit(main())
