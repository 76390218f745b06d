"""The Python API (docs/python.md): what the package exports is promised, and changes with a major version only."""
