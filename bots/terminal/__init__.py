"""The same service in a terminal."""
