# What the functions log (one JSON line an event: gallery_sync/log.py) as counts, and who hears of it. The words looked
# for are listed in tests/settings.json, which the tests compare with the code that writes them.

locals {
  services = sort([for deployment in keys(local.planned) : "${var.name}-${deployment}"])
  public   = sort([for deployment, d in local.planned : "${var.name}-${deployment}" if local.functions[d.function].caller == "public"])

  ours       = "resource.type=\"cloud_run_revision\" AND resource.labels.location=\"${var.region}\" AND resource.labels.service_name=(${join(" OR ", [for s in local.services : "\"${s}\""])})"
  our_queues = "resource.type=\"cloud_tasks_queue\" AND resource.label.queue_id=one_of(${join(",", [for queue in google_cloud_tasks_queue.queue : "\"${queue.name}\""])})"
  our_calls  = "metric.type=\"run.googleapis.com/request_count\" AND ${local.ours_alone}"
  ours_alone = "resource.type=\"cloud_run_revision\" AND resource.label.service_name=one_of(${join(",", [for s in local.services : "\"${s}\""])})"

  lines = {
    failed_for_good = {
      title  = "pictures that failed for good"
      filter = "${local.ours} AND severity=ERROR AND jsonPayload.message:\"failed for good\""
    }
    held = {
      title  = "galleries whose deletions wait for a person"
      filter = "${local.ours} AND severity=ERROR AND jsonPayload.message:\"images would be deleted, as their files are gone\""
    }
    webhook_missing = {
      title  = "calls that Shoptet refused because no job:finished webhook is registered or active"
      filter = "${local.ours} AND severity=ERROR AND jsonPayload.message:\"register the job:finished webhook\""
    }
    refused_drops = {
      title  = "files whose name or folder belongs to no gallery"
      filter = "${local.ours} AND severity>=WARNING AND jsonPayload.message:\" is refused: \""
    }
    rescued = {
      title  = "galleries that sweep had to rescue"
      filter = "${local.ours} AND jsonPayload.function=\"sweep\" AND jsonPayload.message:\"nobody works on this gallery\""
    }
    tried_again = {
      title  = "tries that failed and are repeated"
      filter = "${local.ours} AND severity=WARNING AND jsonPayload.message:\" is tried again: \""
    }
    swept = {
      title  = "sweeps that came to their end"
      filter = "${local.ours} AND jsonPayload.function=\"sweep\" AND jsonPayload.message:\"swept\""
    }
    not_called = {
      title  = "calls of sweep that Cloud Scheduler could not make"
      filter = "resource.type=\"cloud_scheduler_job\" AND resource.labels.location=\"${var.region}\" AND resource.labels.job_id=\"${var.name}-sweep\" AND severity>=ERROR"
    }
    errors = {
      title  = "lines of severity ERROR"
      filter = "${local.ours} AND severity>=ERROR"
    }
    refused_calls = {
      title  = "calls with a missing or wrong signature or key"
      filter = "resource.type=\"cloud_run_revision\" AND resource.labels.location=\"${var.region}\" AND resource.labels.service_name=(${join(" OR ", [for s in local.public : "\"${s}\""])}) AND logName=\"projects/${var.project.id}/logs/run.googleapis.com%2Frequests\" AND httpRequest.status=401"
    }
  }

  metric_types = { for line, metric in google_logging_metric.line : line => "logging.googleapis.com/user/${metric.name}" }
}

resource "google_logging_metric" "line" {
  for_each = local.lines

  project     = var.project.id
  name        = "gallery-sync-${var.name}-${each.key}"
  description = "gallery-sync ${var.name}: ${each.value.title}"
  filter      = each.value.filter

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }
}

# The policies wait for the functions: Cloud Monitoring takes minutes to know a new metric, and refuses a policy on one
# that it does not know. The first apply, without functions, makes the metrics.
locals {
  alert_on_line = {
    for alert, a in {
      failed_for_good = {
        title    = "a picture failed for good"
        severity = "ERROR"
        advice   = "The line says which file, and why. Correct the file and drop it again; the file is still in the drop bucket, the gallery is as it was."
        labels   = { reason = "EXTRACT(jsonPayload.message)", gallery = "EXTRACT(jsonPayload.guid)" }
      }
      held = {
        title    = "deletions wait for a person's word"
        severity = "ERROR"
        advice   = "So many files of one product are gone from the drop bucket that their images are kept. `gallery-sync release` shows which. If they are meant to go, release them; if not, drop the files again, and nothing is lost."
        labels   = { reason = "EXTRACT(jsonPayload.message)", gallery = "EXTRACT(jsonPayload.guid)" }
      }
      not_called = {
        title    = "Cloud Scheduler cannot call sweep"
        severity = "ERROR"
        advice   = "Sweep finds what was lost: without it, a lost event or task stays lost. The line says what Cloud Scheduler met. Look whether the function sweep is deployed, and whether its caller has its right (`terraform apply`)."
        labels   = { reason = "EXTRACT(jsonPayload.status)" }
      }
      webhook_missing = {
        title    = "the webhook job:finished is missing or deactivated"
        severity = "CRITICAL"
        advice   = "Shoptet starts no job without it, so nothing moves. Run `gallery-sync check`, then `gallery-sync webhook register`. What waits goes on by itself."
        labels   = { reason = "EXTRACT(jsonPayload.message)" }
      }
    } : alert => a if var.functions_deployed
  }

  alert_on_count = {
    for alert, a in {
      refused_calls = {
        title     = "calls with a wrong signature or key"
        line      = "refused_calls"
        more_than = var.refused_calls_alert - 1
        within    = 600
        severity  = "WARNING"
        advice    = "Such calls change nothing. If they come from Shoptet (185.184.254.0/24), the signature key differs from the secret SHOPTET_WEBHOOK_KEYS: run `gallery-sync webhook rotate`. If from a system of yours, renew its key."
      }
      rescued = {
        title     = "sweep had to rescue galleries"
        line      = "rescued"
        more_than = 0
        within    = 3600
        severity  = "WARNING"
        advice    = "A task was lost or gave up; sweep has enqueued the work again, so nothing is lost. Look at the errors of sync_gallery before that time, and whether the queues are paused."
      }
    } : alert => a if var.functions_deployed
  }
}

resource "google_monitoring_alert_policy" "line" {
  for_each = local.alert_on_line

  project               = var.project.id
  display_name          = "gallery-sync ${var.name}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = var.notification_channels
  user_labels           = local.labels

  # On the line itself and not on its count, so that the message shows the reason.
  conditions {
    display_name = each.value.title
    condition_matched_log {
      filter           = local.lines[each.key].filter
      label_extractors = each.value.labels
    }
  }

  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = "900s"
    }
  }

  documentation {
    content   = each.value.advice
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "count" {
  for_each = local.alert_on_count

  project               = var.project.id
  display_name          = "gallery-sync ${var.name}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = var.notification_channels
  user_labels           = local.labels

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = "metric.type=\"${local.metric_types[each.value.line]}\" AND resource.type=\"cloud_run_revision\""
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.more_than
      duration        = "0s"
      aggregations {
        alignment_period     = "${each.value.within}s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content   = each.value.advice
    mime_type = "text/markdown"
  }
}

# Cloud Tasks has no measure of its oldest task. How late attempts begin is the nearest one; and where none begins at
# all (a paused queue, a caller without its right), tasks pile up.
resource "google_monitoring_alert_policy" "tasks" {
  count = var.functions_deployed ? 1 : 0

  project               = var.project.id
  display_name          = "gallery-sync ${var.name}: tasks wait too long"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.notification_channels
  user_labels           = local.labels

  # One condition for both queues: Cloud Monitoring charges by condition.
  conditions {
    display_name = "tasks begin 30 minutes late"
    condition_threshold {
      filter          = "metric.type=\"cloudtasks.googleapis.com/queue/task_attempt_delays\" AND ${local.our_queues}"
      comparison      = "COMPARISON_GT"
      threshold_value = 1800000 # milliseconds
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_PERCENTILE_99"
        cross_series_reducer = "REDUCE_MAX"
        group_by_fields      = ["resource.label.queue_id"]
      }
    }
  }

  conditions {
    display_name = "more than 1,000 tasks for two hours"
    condition_threshold {
      filter          = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND ${local.our_queues}"
      comparison      = "COMPARISON_GT"
      threshold_value = 1000
      duration        = "7200s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_MIN"
        cross_series_reducer = "REDUCE_MAX"
        group_by_fields      = ["resource.label.queue_id"]
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content   = "Thousands of new files take hours, and then this is no fault. Otherwise look whether the queue is paused, and at the errors of sync_gallery and poll_jobs."
    mime_type = "text/markdown"
  }
}

# A sweep that does not run says nothing: only its absence tells.
resource "google_monitoring_alert_policy" "no_sweep" {
  count = var.functions_deployed ? 1 : 0

  project               = var.project.id
  display_name          = "gallery-sync ${var.name}: sweep does not run"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.notification_channels
  user_labels           = local.labels

  conditions {
    display_name = "no sweep came to its end for an hour"
    condition_absent {
      filter   = "metric.type=\"${local.metric_types["swept"]}\" AND resource.type=\"cloud_run_revision\""
      duration = "3600s"
      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content   = "Sweep runs every ten minutes, and finds what was lost. Look at the errors of sweep, and at its schedule: `gcloud scheduler jobs describe ${var.name}-sweep --location=${var.region}`. What waits is not lost; it moves again with the next sweep."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "error_rate" {
  count = var.functions_deployed ? 1 : 0

  project               = var.project.id
  display_name          = "gallery-sync ${var.name}: functions answer with errors"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.notification_channels
  user_labels           = local.labels

  conditions {
    display_name = "more than 10 % of a function's answers are 5xx"
    condition_threshold {
      filter             = "${local.our_calls} AND metric.label.response_code_class=\"5xx\""
      denominator_filter = local.our_calls
      comparison         = "COMPARISON_GT"
      threshold_value    = 0.1
      duration           = "600s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
      denominator_aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content   = "A function answers 5xx only where storage or tasks fail, or where it has a fault. Cloud Tasks and Eventarc repeat such calls. Look at the function's lines of severity ERROR."
    mime_type = "text/markdown"
  }
}
