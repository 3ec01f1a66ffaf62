"""The protocols of AWS, one file each."""
