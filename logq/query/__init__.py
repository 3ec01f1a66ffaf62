"""The query engine: text, one AST, one SQL tree, rows."""
