"""The kinds of things that can be declared, one file for each noun."""
