"""The checks of `make lint` that are about this project alone."""
