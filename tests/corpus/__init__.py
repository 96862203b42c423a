"""Pictures as people really drop them, made by script."""
