# Buckets, secrets, queues and the schedule.

mock_provider "google" {}

variables {
  project        = { id = "demo-project", number = "123456789012", build_account = "projects/demo-project/serviceAccounts/build@demo-project.iam.gserviceaccount.com" }
  name           = "shop"
  source_archive = "versions.tf" # Any file: only its hash is used.
}

run "buckets" {
  command = plan

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.drop, google_storage_bucket.state, google_storage_bucket.source] :
      bucket.public_access_prevention == "enforced" && bucket.uniform_bucket_level_access && bucket.location == "europe-west1"
    ])
    error_message = "no bucket can be made public, rights are the bucket's alone, and all are in the shop's region"
  }

  assert {
    condition     = !google_storage_bucket.drop.versioning[0].enabled
    error_message = "the drop bucket must not be versioned: deleting a version would be another event"
  }

  assert {
    condition     = google_storage_bucket.state.versioning[0].enabled
    error_message = "older versions of ledgers are kept"
  }

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.drop, google_storage_bucket.state] :
      bucket.soft_delete_policy[0].retention_duration_seconds == 604800 && !bucket.force_destroy
    ])
    error_message = "what is deleted can be brought back for a week, and destroying the deployment does not delete data"
  }

  assert {
    condition = {
      for rule in google_storage_bucket.state.lifecycle_rule :
      one(one(rule.condition).matches_prefix) => one(rule.condition).age if one(rule.condition).age != null
    } == { "outbox/" = 2, "jobs/" = 31, "operations/" = 30, "open/operations/" = 31, "removed/" = 90, "thumbnails/" = 400, "links/" = 400 }
    error_message = "prepared pictures, jobs, operations, their markers and removed files go after their time"
  }

  assert {
    condition = !anytrue([
      for rule in google_storage_bucket.state.lifecycle_rule :
      one(rule.condition).with_state != "ARCHIVED" && (
        one(rule.condition).matches_prefix == null
        || anytrue([for prefix in coalesce(one(rule.condition).matches_prefix, []) : startswith("ledger/", prefix) || startswith("codes/", prefix) || startswith("refused/", prefix)])
      )
    ])
    error_message = "no rule may delete a ledger, only its older versions"
  }

  assert {
    condition = !anytrue([
      for rule in google_storage_bucket.drop.lifecycle_rule : one(rule.action).type == "Delete"
    ])
    error_message = "no rule may delete people's files"
  }
}

run "data_only_on_demand" {
  command = plan

  variables {
    delete_data = true
  }

  assert {
    condition     = google_storage_bucket.drop.force_destroy && google_storage_bucket.state.force_destroy
    error_message = "delete_data lets destroy delete everything"
  }
}

run "queues" {
  command = plan

  assert {
    condition     = { for queue, q in google_cloud_tasks_queue.queue : queue => q.rate_limits[0].max_concurrent_dispatches } == { sync = 2, poll = 1, catalogue = 1, fetch = 1, prepare = 4, place = 1 }
    error_message = "two galleries and one look at the jobs at a time: three connections to Shoptet"
  }

  assert {
    condition     = { for queue, q in google_cloud_tasks_queue.queue : queue => q.rate_limits[0].max_dispatches_per_second } == { sync = 5, poll = 1, catalogue = 1, fetch = 1, prepare = 5, place = 1 }
    error_message = "at most five looks at galleries a second, and one at the jobs"
  }

  assert {
    condition = alltrue([
      for queue in google_cloud_tasks_queue.queue :
      queue.retry_config[0].max_attempts == 100 && queue.retry_config[0].min_backoff == "2s"
      && queue.retry_config[0].max_backoff == "60s" && queue.retry_config[0].max_doublings == 5
    ])
    error_message = "tasks are tried again, ever more rarely, and not for ever"
  }
}

run "schedule" {
  command = plan

  assert {
    condition     = google_cloud_scheduler_job.sweep[0].schedule == "*/10 * * * *"
    error_message = "sweep runs every ten minutes"
  }

  assert {
    condition = (
      google_cloud_scheduler_job.sweep[0].http_target[0].oidc_token[0].audience == google_cloud_scheduler_job.sweep[0].http_target[0].uri
      && google_cloud_scheduler_job.sweep[0].http_target[0].oidc_token[0].service_account_email == "shop-scheduler@demo-project.iam.gserviceaccount.com"
    )
    error_message = "the schedule calls with a token of its own account, meant for exactly this function"
  }

  assert {
    condition     = google_cloudfunctions2_function.function["sweep"].service_config[0].timeout_seconds < tonumber(trimsuffix(google_cloud_scheduler_job.sweep[0].attempt_deadline, "s"))
    error_message = "the function ends before the schedule gives it up"
  }
}

run "secrets" {
  command = plan

  assert {
    condition = output.secrets == {
      SHOPTET_PRIVATE_API_TOKEN = "shop-shoptet-private-api-token"
      SHOPTET_WEBHOOK_KEYS      = "shop-shoptet-webhook-keys"
      WEBHOOK_SECRETS           = "shop-webhook-secrets"
      API_KEYS                  = "shop-api-keys"
    }
    error_message = "the secrets that are to be filled, by setting: NAME-SETTING, as gallery-sync secret set looks for them"
  }
}

run "environment" {
  command = plan

  assert {
    condition = alltrue([
      for line in [
        "export GOOGLE_CLOUD_PROJECT='demo-project'",
        "export GALLERY_SYNC_PREFIX='shop'",
        "export JOB_FINISHED_URL='https://shop-job-finished-123456789012.europe-west1.run.app'",
        "export SYNC_QUEUE='projects/demo-project/locations/europe-west1/queues/shop-sync'",
        "export SIGNING_SERVICE_ACCOUNT='shop-sync-gallery@demo-project.iam.gserviceaccount.com'",
      ] : strcontains(output.environment, "${line}\n")
    ])
    error_message = "what the gallery-sync command reads"
  }
}
