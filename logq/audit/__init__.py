"""What was asked of LogQ, by whom, and what came of it."""
