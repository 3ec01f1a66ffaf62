"""The notifiers, one kind of service a file."""
