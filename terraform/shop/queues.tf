locals {
  # sync: two galleries at a time. poll: one look at the jobs at a time. With one connection to Shoptet each, that is
  # the three that Shoptet allows. catalogue: some short calls every ten minutes; where they are too many, they wait.
  # fetch: one gallery's pictures at a time, from the shop's own site.
  # prepare: as many galleries at a time as the function has instances. It calls nothing of Shoptet's, nor does place.
  queues = {
    sync      = { at_a_time = 2, per_second = 5 }
    poll      = { at_a_time = 1, per_second = 1 }
    catalogue = { at_a_time = 1, per_second = 1 }
    fetch     = { at_a_time = 1, per_second = 1 }
    prepare   = { at_a_time = 4, per_second = 5 }
    place     = { at_a_time = 1, per_second = 1 }
  }
}

resource "google_cloud_tasks_queue" "queue" {
  for_each = local.queues

  project  = var.project.id
  location = var.region
  name     = "${var.name}-${each.key}"

  rate_limits {
    max_concurrent_dispatches = each.value.at_a_time
    max_dispatches_per_second = each.value.per_second
  }

  # Only where storage or tasks fail does a function answer with an error. A task that gives up after these attempts,
  # spread over an hour and a half, loses nothing: sweep finds its gallery.
  retry_config {
    max_attempts  = 100
    min_backoff   = "2s"
    max_backoff   = "60s"
    max_doublings = 5
  }
}

resource "google_cloud_scheduler_job" "sweep" {
  count = var.functions_deployed ? 1 : 0

  project     = var.project.id
  region      = var.region
  name        = "${var.name}-sweep"
  description = "gallery-sync: ${local.functions.sweep.purpose}"
  schedule    = var.sweep_schedule
  time_zone   = "Etc/UTC"
  # Longer than the function's own time, so that an attempt is not given up while it goes on.
  attempt_deadline = "240s"

  retry_config {
    retry_count = 1 # The next one comes soon.
  }

  http_target {
    http_method = "POST"
    uri         = local.urls["sweep"]
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")
    oidc_token {
      service_account_email = local.emails["scheduler"]
      audience              = local.urls["sweep"]
    }
  }

  depends_on = [google_cloudfunctions2_function.function, google_cloud_run_v2_service_iam_member.invoker]
}
