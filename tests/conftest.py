"""What holds for every test: examples are the same on every machine, and a slow one is not a failing one."""

from hypothesis import settings

settings.register_profile("house", derandomize=True, deadline=None, database=None)
settings.load_profile("house")
