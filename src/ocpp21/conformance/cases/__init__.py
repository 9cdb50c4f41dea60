"""Test cases and states as data: read, put right, and refused where the schemas do not know what they say."""
