"""The interface for programs, /api/v1: the same functions as the pages, with scoped tokens and an exact description."""
