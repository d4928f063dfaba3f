"""How long texts may be, on the wire and in the tables; characters."""

EMAIL = 254
"""RFC 5321, section 4.5.3.1.3, without the brackets of a path."""
PHONE = 40
NOTE = 1000
