"""What people write instead: the processor's work on aws-lambda-powertools, pydantic, hmac and gzip or zstd."""
