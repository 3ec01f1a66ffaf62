"""The functions of the language, by area; see ``logq.query.function``."""
