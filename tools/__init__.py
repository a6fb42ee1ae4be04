"""What sets up, trains, starts and checks the product; nothing here runs while a visitor is answered."""
