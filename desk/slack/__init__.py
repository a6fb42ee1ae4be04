"""The team's side of Slack: a post for every ticket, buttons for colleagues, reminders and a morning digest."""
