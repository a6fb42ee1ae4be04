"""What runs inside Rasa: channels, language generation, tracker store, guard and training configuration."""
