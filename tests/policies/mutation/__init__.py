"""Whether the tests of the rules notice when a rule changes: mutants of the code and of the tables of facts.

Every predicate and every row of facts is changed in one place at a time, and the tests of the rules run against the
change. A mutant that no test notices is a missing case, a change that changes nothing (`equivalent.csv` says why), or
something that nobody needs. `python -m tests.policies.mutation --help` shows how to run it.
"""
