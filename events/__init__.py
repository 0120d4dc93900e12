"""Data contracts: Open Data Contract Standard files, read and compiled to plain data at build time."""
