# What a variable refuses.

mock_provider "google" {}

variables {
  project        = { id = "demo-project", number = "123456789012", build_account = "projects/demo-project/serviceAccounts/build@demo-project.iam.gserviceaccount.com" }
  name           = "shop"
  source_archive = "versions.tf" # Any file: only its hash is used.
}

run "all_wrong" {
  command = plan

  variables {
    project               = { id = "demo-project", number = "demo-project", build_account = "projects/demo-project/serviceAccounts/build@demo-project.iam.gserviceaccount.com" }
    name                  = "a-name-that-is-far-too-long"
    region                = "EU"
    source_archive        = "no-such-file.zip"
    left_out              = ["sweep"]
    shoptet_eshop_url     = "http://www.example.cz"
    shoptet_eshop_id      = 0.5
    sync_window_seconds   = 0
    max_attempts          = 2.5
    secret_versions       = { API_KEYS = "newest" }
    min_instances         = { sweep = 2 }
    history_days          = 0
    removed_days          = 1
    soft_delete_days      = 1
    sweep_schedule        = "hourly"
    notification_channels = ["me@example.com"]
    refused_calls_alert   = 0
    labels                = { app = "mine" }
  }

  expect_failures = [
    var.project, var.name, var.region, var.source_archive, var.left_out, var.shoptet_eshop_url, var.shoptet_eshop_id, var.sync_window_seconds,
    var.max_attempts, var.secret_versions, var.min_instances, var.history_days, var.removed_days, var.soft_delete_days,
    var.sweep_schedule, var.notification_channels, var.refused_calls_alert, var.labels,
  ]
}

run "longest_name" {
  command = plan

  variables {
    name = "a-16-letter-name"
  }

  assert {
    condition     = alltrue([for a in google_service_account.account : length(a.account_id) <= 30])
    error_message = "an account's id has 30 characters at most"
  }

  assert {
    condition     = alltrue([for url in values(local.urls) : length(split(".", trimprefix(url, "https://"))[0]) <= 63])
    error_message = "Cloud Run gives no deterministic address to a name of more than 63 characters"
  }

  assert {
    condition     = alltrue([for b in [google_storage_bucket.drop, google_storage_bucket.state, google_storage_bucket.source] : length(b.name) <= 63])
    error_message = "a bucket's name has 63 characters at most"
  }
}
