"""The ticket domain and the desk: everything that keeps people's requests, and nothing of Rasa."""
