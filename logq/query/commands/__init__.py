"""The commands of the language, one a file; see ``logq.query.command``."""
