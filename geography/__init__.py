"""Regions, jurisdictions and boundaries: data and pure functions, a leaf that imports nothing of ours."""
