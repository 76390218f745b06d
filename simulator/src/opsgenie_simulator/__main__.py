"""`python -m opsgenie_simulator` is the command."""

from opsgenie_simulator.cli import main

main()
