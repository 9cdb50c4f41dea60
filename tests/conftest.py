"""Stands here so that every test, in whatever folder, can import the modules beside it: oracles, twins, payloads."""
