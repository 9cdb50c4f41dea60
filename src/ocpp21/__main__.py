"""``python -m ocpp21`` is the command ``ocpp21``."""

from ocpp21.cli import main

if __name__ == "__main__":
    main()
