"""One suite that proves the clouds equal: rules over what each stack registers, and their facts as tables in data/.

A component registers a new type: add its row to types.csv (where it lies, its name's rule, whether it outlives a
destroy, whether it holds data), to keys.csv where it holds data, to settings.csv what closes and guards it. A new
permission is a row of grants.csv, with the reason. What one cloud cannot do is a row of components/deviations.csv,
whose `shown_by` says what shows it (tests.conformance.evidence). Then `python -m tests.conformance.parity --write`.
"""
