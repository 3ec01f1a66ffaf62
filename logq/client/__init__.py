"""A LogQ server as a data directory: what commands and the agent do, over HTTP."""
