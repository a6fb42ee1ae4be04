"""What the data protection team sees and what programs call: pages and the HTTP interface over the desk's services."""
