"""The page on which people see what happens to their pictures, and help where that is needed."""
