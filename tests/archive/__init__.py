"""Tests of the archive, through its command."""
