# What is counted, who hears of it, and that the words looked for are those that the code writes.

mock_provider "google" {}

variables {
  project        = { id = "demo-project", number = "123456789012", build_account = "projects/demo-project/serviceAccounts/build@demo-project.iam.gserviceaccount.com" }
  name           = "shop"
  source_archive = "versions.tf" # Any file: only its hash is used.

  notification_channels = ["projects/demo-project/notificationChannels/1"]
}

run "lines" {
  command = plan

  assert {
    condition = alltrue([
      for line, words in jsondecode(file("tests/settings.json")).lines : strcontains(google_logging_metric.line[line].filter, ":\"${words}\"")
    ])
    error_message = "a metric looks for words that the code does not write"
  }

  assert {
    condition     = length(setsubtract(keys(google_logging_metric.line), concat(keys(jsondecode(file("tests/settings.json")).lines), ["errors", "refused_calls", "not_called"]))) == 0
    error_message = "a metric looks for words that no test compares with the code"
  }

  assert {
    condition = alltrue([
      for line, metric in google_logging_metric.line :
      strcontains(metric.filter, line == "not_called" ? "\"shop-sweep\"" : "\"shop-job-finished\"") && !strcontains(metric.filter, "other")
    ])
    error_message = "a metric counts this shop's functions only"
  }

  assert {
    condition = (
      strcontains(google_logging_metric.line["refused_calls"].filter, "httpRequest.status=401")
      && alltrue([for public in ["job-finished", "webhooks", "galleries", "clean-gallery", "status-link"] : strcontains(google_logging_metric.line["refused_calls"].filter, "\"shop-${public}\"")])
      && !strcontains(google_logging_metric.line["refused_calls"].filter, "sync-gallery")
    )
    error_message = "refused calls are answers 401 of the public functions"
  }
}

run "alerts" {
  command = plan

  assert {
    condition = toset(concat(
      [for a in google_monitoring_alert_policy.line : a.display_name], [for a in google_monitoring_alert_policy.count : a.display_name],
      [for a in google_monitoring_alert_policy.tasks : a.display_name], [for a in google_monitoring_alert_policy.error_rate : a.display_name],
      [for a in google_monitoring_alert_policy.no_sweep : a.display_name],
      )) == toset([
      "gallery-sync shop: a picture failed for good",
      "gallery-sync shop: deletions wait for a person's word",
      "gallery-sync shop: the webhook job:finished is missing or deactivated",
      "gallery-sync shop: Cloud Scheduler cannot call sweep",
      "gallery-sync shop: sweep does not run",
      "gallery-sync shop: calls with a wrong signature or key",
      "gallery-sync shop: sweep had to rescue galleries",
      "gallery-sync shop: tasks wait too long",
      "gallery-sync shop: functions answer with errors",
    ])
    error_message = "what people hear of"
  }

  assert {
    condition = alltrue([
      for a in concat(values(google_monitoring_alert_policy.line), values(google_monitoring_alert_policy.count), google_monitoring_alert_policy.tasks, google_monitoring_alert_policy.error_rate, google_monitoring_alert_policy.no_sweep) :
      a.notification_channels == tolist(["projects/demo-project/notificationChannels/1"]) && length(a.documentation[0].content) > 50
    ])
    error_message = "every alert goes to the channels, and says what to do"
  }

  assert {
    # Cloud Monitoring demands it for conditions on log lines.
    condition     = alltrue([for a in google_monitoring_alert_policy.line : length(a.alert_strategy[0].notification_rate_limit) == 1])
    error_message = "an alert on a log line has a limit of notifications"
  }

  assert {
    condition = (
      strcontains(google_monitoring_alert_policy.no_sweep[0].conditions[0].condition_absent[0].filter, google_logging_metric.line["swept"].name)
      && google_monitoring_alert_policy.no_sweep[0].conditions[0].condition_absent[0].duration == "3600s"
    )
    error_message = "people hear when no sweep came to its end for an hour"
  }

  assert {
    condition     = strcontains(google_monitoring_alert_policy.line["not_called"].conditions[0].condition_matched_log[0].filter, "\"${google_cloud_scheduler_job.sweep[0].name}\"")
    error_message = "people hear when Cloud Scheduler cannot call this shop's sweep"
  }

  assert {
    condition     = length(jsondecode(google_monitoring_dashboard.dashboard[0].dashboard_json).mosaicLayout.tiles) == length(local.charts)
    error_message = "the dashboard shows every chart"
  }
}
