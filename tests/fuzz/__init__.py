"""The query fuzzer: ``python -m tests.fuzz --help``."""
