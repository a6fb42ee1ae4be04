"""The ways in and out of the assistant; every channel stands on the same conversation engine."""
