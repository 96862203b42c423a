"""The local cloud: every part of Google Cloud and Shoptet that the functions talk to, as small processes."""
