"""Measures the product beside stock Rasa on the same data and conversations: `make bench`."""
