"""LogQ: CloudWatch Logs and Logs Insights for your own machines, on open files."""

__version__ = "0.1.0"
