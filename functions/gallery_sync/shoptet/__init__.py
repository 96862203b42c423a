"""The Shoptet API as this project uses it; it knows nothing of buckets, ledgers or plans."""
