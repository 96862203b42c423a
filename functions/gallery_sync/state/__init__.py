"""What is kept in the state bucket, over the `Documents` port: one module a kind of document."""
