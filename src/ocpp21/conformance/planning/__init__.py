"""A case laid out before it is played: words become operations, states are taken apart, placeholders are tried."""
