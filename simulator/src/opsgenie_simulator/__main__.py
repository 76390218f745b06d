"""Runs the command as `python -m opsgenie_simulator`."""

from opsgenie_simulator.cli import main

main()
