"""Tests of the components on Google Cloud."""
