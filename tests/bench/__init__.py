"""The benchmark, LogQ against DuckDB by hand in one run: ``python -m tests.bench``."""
