# Where people put files. Not versioned: deleting a file would otherwise leave a version behind, and deleting that would
# be another event. What was deleted or overwritten by mistake comes back by soft delete.
resource "google_storage_bucket" "drop" {
  #checkov:skip=CKV_GCP_62:Cloud Audit Logs record access, once a project switches them on; usage logs would be a second bucket to guard
  #checkov:skip=CKV_GCP_78:versioning would send another event for each deletion; soft delete brings files back
  project                     = var.project.id
  name                        = "${var.project.id}-${var.name}-drop"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = var.delete_data
  labels                      = local.labels

  versioning {
    enabled = false
  }

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  # Browsers upload from the page, and from no other site.
  dynamic "cors" {
    for_each = contains(keys(local.planned), "status-link") ? [local.urls["status-link"]] : []
    content {
      origin          = [cors.value]
      method          = ["PUT"]
      response_header = ["Content-Type", "Content-Range", "Range"]
      max_age_seconds = 3600
    }
  }

  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }
}

# Everything of ours: ledgers, jobs, operations, what Shoptet downloads. Nobody else writes here.
resource "google_storage_bucket" "state" {
  #checkov:skip=CKV_GCP_62:Cloud Audit Logs record access, once a project switches them on; only the functions use this bucket
  project                     = var.project.id
  name                        = "${var.project.id}-${var.name}-state"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = var.delete_data
  labels                      = local.labels

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  # What ends when, of everything that lies here: ARCHITECTURE.md.
  dynamic "lifecycle_rule" {
    for_each = {
      "outbox/"          = 2  # Prepared pictures: a signed URL counts for 6 hours, a job takes 3 at most.
      "jobs/"            = 31 # Removed when settled; after 30 days Shoptet itself has forgotten the job.
      "operations/"      = 30
      "open/operations/" = 31 # Removed when the request stands in the ledgers; without its request it says nothing.
      "removed/"         = var.removed_days
      "thumbnails/"      = 400 # Small JPEGs for people: of what was dropped within a year.
      "links/"           = 400 # Links to the page last 366 days at most.
    }
    content {
      condition {
        age            = lifecycle_rule.value
        matches_prefix = [lifecycle_rule.key]
        with_state     = "LIVE"
      }
      action {
        type = "Delete"
      }
    }
  }

  # The history of ledgers is for people who ask what happened; that of these is not worth its storage, and that of the
  # access token is a secret.
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 1
      matches_prefix = [
        "outbox/", "jobs/", "operations/", "open/", "removed/", "thumbnails/", "links/", "token.json", "placing/", "archives/",
        "sweep.json", "rotation.json", "audits.json", "requests.json", "deletions.json",
        "catalogue/", "catalogue.json", "catalogue-reading.json", "catalogue-changes.json",
      ]
      with_state = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = var.history_days
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }
}

# The functions' source archive.
resource "google_storage_bucket" "source" {
  #checkov:skip=CKV_GCP_62:it holds the archives of the functions, and nothing else
  project                     = var.project.id
  name                        = "${var.project.id}-${var.name}-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # Only archives, which `make package` writes again, byte for byte.
  labels                      = local.labels

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }
}
