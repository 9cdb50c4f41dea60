"""The generator: Part 3 schemas in, messages, validator tables and test vectors out.

It is run as ``python -m codegen`` from a checkout and is never imported by the product.
"""
