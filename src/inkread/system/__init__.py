"""The operating system and the installation; this package depends on nothing but the errors."""
