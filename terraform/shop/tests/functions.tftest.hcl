# What is deployed, and what each function is given. settings.json is written from the code: `python -m infra.demands`.

mock_provider "google" {}

variables {
  project        = { id = "demo-project", number = "123456789012", build_account = "projects/demo-project/serviceAccounts/build@demo-project.iam.gserviceaccount.com" }
  name           = "shop"
  source_archive = "versions.tf" # Any file: only its hash is used.
}

run "private_api" {
  command = plan

  assert {
    condition     = toset(keys(jsondecode(file("tests/settings.json")).functions)) == toset(keys(local.functions))
    error_message = "the functions deployed are not those of the code"
  }

  assert {
    condition = toset(keys(google_cloudfunctions2_function.function)) == toset([
      "on-drop-finalized", "on-drop-deleted", "on-drop-metadata", "sync-gallery", "poll-jobs", "read-catalogue", "fetch-images", "prepare-picture", "place-names", "job-finished", "webhooks",
      "galleries", "clean-gallery", "status-link", "sweep",
    ])
    error_message = "on_drop is deployed three times, every other function once"
  }

  assert {
    condition = alltrue(flatten([
      for function, demands in jsondecode(file("tests/settings.json")).functions : [
        for deployed in google_cloudfunctions2_function.function : length(setsubtract(
          demands.required.private,
          concat(keys(deployed.service_config[0].environment_variables), deployed.service_config[0].secret_environment_variables[*].key),
        )) == 0
        if deployed.build_config[0].entry_point == function
      ]
    ]))
    error_message = "a function lacks a setting that it demands"
  }

  assert {
    condition = alltrue(flatten([
      for function, demands in jsondecode(file("tests/settings.json")).functions : [
        for deployed in google_cloudfunctions2_function.function : length(setsubtract(
          concat(keys(deployed.service_config[0].environment_variables), deployed.service_config[0].secret_environment_variables[*].key),
          concat(demands.known, ["THREADS", "GOOGLE_CLOUD_PROJECT"]),
        )) == 0
        if deployed.build_config[0].entry_point == function
      ]
    ]))
    error_message = "a function is given a setting that it does not read"
  }

  assert {
    condition = alltrue(flatten([
      for function, demands in jsondecode(file("tests/settings.json")).functions : [
        for deployed in google_cloudfunctions2_function.function :
        length(setintersection(demands.secret, keys(deployed.service_config[0].environment_variables))) == 0
      ]
    ]))
    error_message = "a secret stands in a plain environment variable"
  }

  assert {
    condition = alltrue([
      for deployed in google_cloudfunctions2_function.function :
      deployed.build_config[0].environment_variables == tomap({ GOOGLE_FUNCTION_SOURCE = "${deployed.build_config[0].entry_point}.py" })
      && deployed.build_config[0].runtime == "python313"
      && deployed.build_config[0].service_account == var.project.build_account
    ])
    error_message = "every function is built from its own file, for python313, by the account for builds"
  }

  assert {
    condition     = google_storage_bucket_object.source.name == "gallery-sync-${filesha256("versions.tf")}.zip"
    error_message = "the source archive is named by its content"
  }

  assert {
    condition = alltrue([
      for deployed in google_cloudfunctions2_function.function :
      deployed.service_config[0].environment_variables["THREADS"] == tostring(deployed.service_config[0].max_instance_request_concurrency)
      && deployed.service_config[0].environment_variables["GOOGLE_CLOUD_PROJECT"] == "demo-project"
      && deployed.service_config[0].min_instance_count == 0
      && deployed.service_config[0].all_traffic_on_latest_revision
      && deployed.location == "europe-west1"
    ])
    error_message = "as many threads as requests; traces of the project; nothing kept warm; all traffic on the latest revision; in the shop's region"
  }

  assert {
    condition = alltrue([
      for url in values(local.urls) : length(split(".", trimprefix(url, "https://"))[0]) <= 63
    ])
    error_message = "Cloud Run gives no deterministic address to a name of more than 63 characters"
  }

  assert {
    condition     = local.values.SYNC_URL == "https://shop-sync-gallery-123456789012.europe-west1.run.app" && output.urls["job_finished"] == "https://shop-job-finished-123456789012.europe-west1.run.app"
    error_message = "addresses are https://NAME-PROJECTNUMBER.REGION.run.app, with hyphens in the name"
  }
}

run "timing" {
  command = plan

  # gallery_sync/schedule.py, `Timing`: send_within + read timeout < function timeout < dispatch deadline < grace.
  assert {
    condition = alltrue([
      for deployed in google_cloudfunctions2_function.function :
      deployed.service_config[0].timeout_seconds == jsondecode(file("tests/settings.json")).timing.function_timeout
      if contains(["sync_gallery", "poll_jobs", "read_catalogue", "fetch_images", "prepare_picture", "place_names"], deployed.build_config[0].entry_point)
    ])
    error_message = "who carries out tasks has the timeout of the code's Timing"
  }

  assert {
    condition = alltrue([
      for deployed in google_cloudfunctions2_function.function :
      deployed.service_config[0].timeout_seconds <= jsondecode(file("tests/settings.json")).timing.function_timeout
    ])
    error_message = "no function may run longer than the code's Timing expects"
  }

  assert {
    condition = alltrue([
      for deployed in google_cloudfunctions2_function.function :
      jsondecode(file("tests/settings.json")).timing.sending < deployed.service_config[0].timeout_seconds
      && deployed.service_config[0].timeout_seconds < jsondecode(file("tests/settings.json")).timing.dispatch_deadline
      && jsondecode(file("tests/settings.json")).timing.dispatch_deadline < jsondecode(file("tests/settings.json")).timing.grace
      if contains(deployed.service_config[0].secret_environment_variables[*].secret, "shop-shoptet-private-api-token")
    ])
    error_message = "for whoever calls Shoptet: sending < function timeout < dispatch deadline < grace"
  }

  assert {
    condition = (
      google_cloudfunctions2_function.function["sync-gallery"].service_config[0].max_instance_request_concurrency
      * google_cloudfunctions2_function.function["sync-gallery"].service_config[0].max_instance_count
      == google_cloud_tasks_queue.queue["sync"].rate_limits[0].max_concurrent_dispatches
    )
    error_message = "sync_gallery works on as many galleries at a time as its queue sends"
  }

  assert {
    condition = (
      google_cloudfunctions2_function.function["poll-jobs"].service_config[0].max_instance_request_concurrency
      * google_cloudfunctions2_function.function["poll-jobs"].service_config[0].max_instance_count == 1
    )
    error_message = "one look at the jobs at a time"
  }

  assert {
    condition = alltrue([
      for deployment in ["galleries", "clean-gallery"] :
      google_cloudfunctions2_function.function[deployment].service_config[0].max_instance_count == 1
    ])
    error_message = "functions that call Shoptet for other systems have one instance, so that its gate holds for all callers"
  }
}

run "triggers" {
  command = plan

  assert {
    condition = {
      for deployment, deployed in google_cloudfunctions2_function.function :
      deployment => deployed.event_trigger[0].event_type if length(deployed.event_trigger) > 0
      } == {
      "on-drop-finalized" = "google.cloud.storage.object.v1.finalized"
      "on-drop-deleted"   = "google.cloud.storage.object.v1.deleted"
      "on-drop-metadata"  = "google.cloud.storage.object.v1.metadataUpdated"
    }
    error_message = "each storage event has its deployment of on_drop, and nothing else has a trigger"
  }

  assert {
    condition = alltrue([
      for deployed in google_cloudfunctions2_function.function :
      deployed.event_trigger[0].retry_policy == "RETRY_POLICY_RETRY" if length(deployed.event_trigger) > 0
    ])
    error_message = "an event whose delivery failed must be delivered again: the default is not to"
  }

  assert {
    condition = alltrue([
      for deployed in google_cloudfunctions2_function.function :
      deployed.event_trigger[0].trigger_region == lower(google_storage_bucket.drop.location)
      && deployed.event_trigger[0].service_account_email == "shop-events@demo-project.iam.gserviceaccount.com"
      && [for f in deployed.event_trigger[0].event_filters : "${f.attribute}=${f.value}"] == ["bucket=demo-project-shop-drop"]
      if length(deployed.event_trigger) > 0
    ])
    error_message = "a trigger is where its bucket is, has its own account, and listens to the drop bucket"
  }
}

run "addon" {
  command = plan

  variables {
    shoptet_eshop_url = "https://www.example.cz"
  }

  assert {
    condition = alltrue(flatten([
      for function, demands in jsondecode(file("tests/settings.json")).functions : [
        for deployed in google_cloudfunctions2_function.function : length(setsubtract(
          demands.required.addon,
          concat(keys(deployed.service_config[0].environment_variables), deployed.service_config[0].secret_environment_variables[*].key),
        )) == 0
        if deployed.build_config[0].entry_point == function
      ]
    ]))
    error_message = "a function lacks a setting that an add-on demands"
  }

  assert {
    condition = alltrue([
      for deployed in google_cloudfunctions2_function.function :
      !contains(deployed.service_config[0].secret_environment_variables[*].key, "SHOPTET_PRIVATE_API_TOKEN")
    ])
    error_message = "the two kinds of token exclude each other"
  }
}

run "before_the_secrets_have_values" {
  command = plan

  variables {
    functions_deployed = false
  }

  assert {
    condition = (
      length(google_cloudfunctions2_function.function) == 0
      && length(google_cloud_run_v2_service_iam_member.invoker) == 0
      && length(google_cloud_scheduler_job.sweep) == 0
      && length(google_monitoring_alert_policy.line) + length(google_monitoring_alert_policy.count) + length(google_monitoring_alert_policy.tasks) + length(google_monitoring_alert_policy.error_rate) == 0
    )
    error_message = "the first apply makes neither functions nor what calls or watches them"
  }

  assert {
    condition     = length(google_secret_manager_secret.secret) == 4 && length(google_logging_metric.line) > 0 && length(output.urls) == 5
    error_message = "the first apply makes the secrets and the metrics, and already knows the addresses"
  }
}

run "without_the_functions_for_other_systems" {
  command = plan

  variables {
    left_out = ["webhooks", "galleries", "clean_gallery", "status_link"]
  }

  assert {
    condition     = keys(output.urls) == ["job_finished"]
    error_message = "only job_finished is public then"
  }

  assert {
    condition     = toset(keys(google_secret_manager_secret.secret)) == toset(["SHOPTET_PRIVATE_API_TOKEN", "SHOPTET_WEBHOOK_KEYS"])
    error_message = "there is no secret that nobody reads"
  }

  assert {
    condition     = !anytrue([for a in keys(google_service_account.account) : contains(["webhooks", "galleries", "clean_gallery", "status_link"], a)])
    error_message = "there is no account that nobody uses"
  }
}

run "secrets_by_version" {
  command = plan

  variables {
    secret_versions = { SHOPTET_WEBHOOK_KEYS = "7" }
  }

  assert {
    condition = (
      google_cloudfunctions2_function.function["job-finished"].service_config[0].secret_environment_variables[0].version == "7"
      && google_cloudfunctions2_function.function["sync-gallery"].service_config[0].secret_environment_variables[0].version == "latest"
    )
    error_message = "a version that is asked for is read, the others stay at the latest"
  }
}

run "a_trial" {
  command = plan

  variables {
    only_products = ["62/XL", "92ca3575-7481-11e8-8216-002590dad85e"]
  }

  assert {
    condition = toset([
      for name, deployed in google_cloudfunctions2_function.function : name
      if lookup(deployed.service_config[0].environment_variables, "ONLY_PRODUCTS", "") == "62/XL,92ca3575-7481-11e8-8216-002590dad85e"
    ]) == toset(["sync-gallery", "galleries", "clean-gallery", "sweep"])
    error_message = "a trial is for the products that are named, for whoever sends to the shop or sees to it"
  }
}
