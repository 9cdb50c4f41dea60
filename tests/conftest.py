"""Stands here so that every test, in whatever folder, can import the modules beside it: oracles, twins, payloads."""

pytest_plugins = ["pytester", "use_cases"]
