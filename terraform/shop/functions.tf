resource "google_storage_bucket_object" "source" {
  bucket = google_storage_bucket.source.name
  # Named by what is in it: another archive is another object, which is what makes the functions be built anew.
  name   = "gallery-sync-${filesha256(var.source_archive)}.zip"
  source = var.source_archive
}

resource "google_cloudfunctions2_function" "function" {
  for_each = local.deployments

  project     = var.project.id
  location    = var.region
  name        = "${var.name}-${each.key}"
  description = "gallery-sync: ${local.functions[each.value.function].purpose}"
  labels      = local.labels

  build_config {
    runtime         = "python313"
    entry_point     = each.value.function
    service_account = var.project.build_account
    # One archive for all: this says which of its files is the function.
    environment_variables = { GOOGLE_FUNCTION_SOURCE = "${each.value.function}.py" }
    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.source.name
      }
    }
  }

  # There is no argument for start-up CPU boost: Cloud Functions switches it on by itself.
  service_config {
    available_memory                 = local.functions[each.value.function].memory
    available_cpu                    = "1"
    timeout_seconds                  = local.functions[each.value.function].timeout
    max_instance_request_concurrency = local.functions[each.value.function].concurrency
    min_instance_count               = lookup(var.min_instances, each.value.function, 0)
    max_instance_count               = local.functions[each.value.function].instances
    all_traffic_on_latest_revision   = true
    ingress_settings                 = local.functions[each.value.function].caller == "public" ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    service_account_email            = local.emails[each.value.function]

    environment_variables = merge(
      { for setting in local.functions[each.value.function].settings : setting => local.values[setting] },
      # For the functions framework's server: as many threads as requests. With a single one it also ends a process that
      # has outlived its timeout, where Cloud Run only stops listening to it.
      { THREADS = tostring(local.functions[each.value.function].concurrency) },
      # Log lines name the trace of their request, and a trace's name begins with its project.
      { GOOGLE_CLOUD_PROJECT = var.project.id },
    )

    dynamic "secret_environment_variables" {
      for_each = local.functions[each.value.function].secrets
      content {
        key        = secret_environment_variables.value
        project_id = var.project.id
        secret     = google_secret_manager_secret.secret[secret_environment_variables.value].secret_id
        version    = lookup(var.secret_versions, secret_environment_variables.value, "latest")
      }
    }
  }

  dynamic "event_trigger" {
    for_each = each.value.event == null ? [] : [local.storage_events[each.value.event]]
    content {
      event_type            = event_trigger.value
      trigger_region        = var.region
      service_account_email = local.emails["events"]
      # Unless it is asked for, an event whose delivery failed is not delivered again.
      retry_policy = "RETRY_POLICY_RETRY"
      event_filters {
        attribute = "bucket"
        value     = google_storage_bucket.drop.name
      }
    }
  }

  # A function whose account may not read its secrets does not start.
  depends_on = [google_secret_manager_secret_iam_member.right, google_project_iam_member.right]
}
