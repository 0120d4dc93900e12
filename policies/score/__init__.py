"""How much the pack sees: a clean stack is bent in every way that data names, one at a time, and the catches counted.

A bend changes one thing of one resource, takes one resource away, or puts one beside the others. It is caught where a
rule says something that it did not say before; that nobody has classified a type (CLS-X-001) is no catch. The bends
come from the inputs themselves, from the SDKs' own types and from tables, never from the rules.
"""
