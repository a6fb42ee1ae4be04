"""What the desk can do: plain functions over one unit of work, shared by assistant, web desk, API and command line."""
