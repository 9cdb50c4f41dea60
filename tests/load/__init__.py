"""Load on our own CSMS, and on some that do not behave."""
