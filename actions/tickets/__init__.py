"""Opens tickets: the flow that all complaints, rights and inquiries share."""
