"""What the tests share: databases of their own, and servers that are really started."""
