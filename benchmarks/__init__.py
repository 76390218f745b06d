"""Measurements that anyone can run: `make bench`, `make soak`, `make explore`."""
