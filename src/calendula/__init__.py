"""Doctor appointments that cannot be double-booked."""

__version__ = "0.1.0"
