"""Reads what a message answers: pure functions of the text and what is known, without Rasa and without the desk."""
