"""How many single changes of `core` its unit tests notice: `make mutants`."""
