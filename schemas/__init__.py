"""What the partnership has agreed, as files, and the small loaders that read them.

No engine is imported here: YAML, CSV and JSON Schema go in, frozen dataclasses come out, and a mistake in a
file is told with the file, the key and the fix.
"""
