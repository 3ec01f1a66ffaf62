"""The commands of the program, one file each: ``app`` is a typer application of one or more."""
