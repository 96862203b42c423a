"""A small, strict, local Cloud Storage, in memory, for the real `google-cloud-storage` client.

The JSON API (buckets, objects, uploads, copies, preconditions), XML-style downloads by V4 signed URLs that are checked,
IAM's signBlob, and events of buckets as CloudEvents. What it does not support, it refuses.

    python -m infra.local.storage --port 0 --bucket drops state --events drops=finalized=http://127.0.0.1:8081
"""
