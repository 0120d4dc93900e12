"""The job that keeps Azure's lakehouse. Synapse serverless only reads, so silver and gold are Delta tables of ours.

`job` is the program, `bronze` says what is new in the bucket, `tables` are the Delta tables, `silver` and `gold` bring
them up to date with the canonical SQL (processor/sql) in DuckDB, `views` makes the views that Synapse reads through.
"""
