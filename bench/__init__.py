"""Speed, side by side with peers: ``pytest bench`` judges targets, ``python -m bench report`` writes the report."""
