"""A Slack of one's own: the part of Slack's Web API that the two apps use, for tests and for trying them out."""
