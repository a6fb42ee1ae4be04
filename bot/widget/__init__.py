"""The website widget: its source, its build, and what pages load where there is no Node."""
