"""The rules of the house without any database, network or clock of the machine: easy to read, easy to test."""
