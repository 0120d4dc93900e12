"""Makes the committed rule tables from descriptions of the clouds' APIs. Nothing of it runs when the product runs.

The descriptions are read as files, never imported, from packages that are unpacked into `.build/rules` (`make rules`)
and from the botocore that the lock file installs.
"""
