"""The action server: forms' validation, opening and looking up tickets, naming the authority."""
