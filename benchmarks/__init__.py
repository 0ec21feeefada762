"""Measurements: each file is a program, run from the root of the repository as ``python -m benchmarks.<name>``."""
