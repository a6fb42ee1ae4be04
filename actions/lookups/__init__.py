"""Looks after tickets that exist already: their status, additions, withdrawal and what to do when not satisfied."""
