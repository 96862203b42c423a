# Who may do what: every right, and that there is no other. tests/terraform compares README.md with the same plan.

mock_provider "google" {}

variables {
  project        = { id = "demo-project", number = "123456789012", build_account = "projects/demo-project/serviceAccounts/build@demo-project.iam.gserviceaccount.com" }
  name           = "shop"
  source_archive = "versions.tf" # Any file: only its hash is used.
}

run "accounts" {
  command = plan

  assert {
    condition = toset([for a in google_service_account.account : a.account_id]) == toset([
      "shop-on-drop", "shop-sync-gallery", "shop-poll-jobs", "shop-catalogue", "shop-fetch-images", "shop-prepare", "shop-place-names", "shop-job-finished", "shop-webhooks", "shop-galleries",
      "shop-clean-gallery", "shop-status-link", "shop-sweep", "shop-tasks", "shop-events", "shop-scheduler",
    ])
    error_message = "one account a function, and one each for Cloud Tasks, Eventarc and Cloud Scheduler"
  }

  assert {
    condition = alltrue([
      for deployed in google_cloudfunctions2_function.function :
      deployed.service_config[0].service_account_email == "shop-${replace(trimsuffix(trimprefix(deployed.build_config[0].entry_point, "read_"), "_picture"), "_", "-")}@demo-project.iam.gserviceaccount.com"
    ])
    error_message = "every function runs as its own account"
  }
}

run "buckets" {
  command = plan

  assert {
    condition = toset([for r in google_storage_bucket_iam_member.right : "${split("@", r.member)[0]} ${r.role} ${r.bucket}"]) == toset([
      "serviceAccount:shop-sync-gallery roles/storage.objectUser demo-project-shop-drop",
      "serviceAccount:shop-galleries roles/storage.objectViewer demo-project-shop-drop",
      "serviceAccount:shop-clean-gallery roles/storage.objectUser demo-project-shop-drop",
      "serviceAccount:shop-status-link roles/storage.objectUser demo-project-shop-drop",
      "serviceAccount:shop-sync-gallery roles/storage.objectUser demo-project-shop-state",
      "serviceAccount:shop-poll-jobs roles/storage.objectUser demo-project-shop-state",
      "serviceAccount:shop-catalogue roles/storage.objectUser demo-project-shop-state",
      "serviceAccount:shop-fetch-images roles/storage.objectViewer demo-project-shop-drop",
      "serviceAccount:shop-fetch-images roles/storage.objectUser demo-project-shop-state",
      "serviceAccount:shop-prepare roles/storage.objectViewer demo-project-shop-drop",
      "serviceAccount:shop-prepare roles/storage.objectUser demo-project-shop-state",
      "serviceAccount:shop-place-names roles/storage.objectUser demo-project-shop-drop",
      "serviceAccount:shop-place-names roles/storage.objectUser demo-project-shop-state",
      "serviceAccount:shop-on-drop roles/storage.objectUser demo-project-shop-state",
      "serviceAccount:shop-webhooks roles/storage.objectUser demo-project-shop-state",
      "serviceAccount:shop-galleries roles/storage.objectUser demo-project-shop-state",
      "serviceAccount:shop-clean-gallery roles/storage.objectUser demo-project-shop-state",
      "serviceAccount:shop-status-link roles/storage.objectUser demo-project-shop-state",
      "serviceAccount:shop-sweep roles/storage.objectViewer demo-project-shop-drop",
      "serviceAccount:shop-sweep roles/storage.objectUser demo-project-shop-state",
    ])
    error_message = "who reads and writes which bucket"
  }

  assert {
    condition = alltrue([
      for r in google_storage_bucket_iam_member.right :
      (length(r.condition) > 0) == (endswith(r.bucket, "-state") && anytrue([for who in ["webhooks", "sweep", "prepare", "place-names", "on-drop", "status-link"] : startswith(r.member, "serviceAccount:shop-${who}@")]))
      && alltrue([for c in r.condition : c.expression == (
        startswith(r.member, "serviceAccount:shop-on-drop@")
        ? "resource.name.startsWith(\"projects/_/buckets/demo-project-shop-state/objects/placing/\")"
        : "resource.name != \"projects/_/buckets/demo-project-shop-state/objects/token.json\""
      )])
    ])
    error_message = "who does not call Shoptet does not read the access token, and on_drop nothing but names that wait"
  }

  assert {
    condition = toset(flatten([for b in google_storage_bucket_iam_binding.legacy : [for m in b.members : "${m} ${b.role} ${b.bucket}"]])) == toset(flatten([
      for bucket in ["demo-project-shop-drop", "demo-project-shop-state"] : [
        for role in ["legacyBucketOwner", "legacyBucketReader", "legacyObjectOwner", "legacyObjectReader"] : "projectOwner:demo-project roles/storage.${role} ${bucket}"
      ]
    ]))
    error_message = "a project's viewers and editors have no right at the buckets by being that"
  }
}

run "operators" {
  command = plan

  variables {
    operators = ["user:ann@example.com"]
  }

  assert {
    condition = (
      [for r in google_service_account_iam_member.operator : "${r.member} ${r.role} ${basename(r.service_account_id)}"] ==
      ["user:ann@example.com roles/iam.serviceAccountTokenCreator shop-sync-gallery@demo-project.iam.gserviceaccount.com"]
    )
    error_message = "an operator signs as sync_gallery does, for gallery-sync check"
  }

  assert {
    condition = alltrue([
      for b in google_storage_bucket_iam_binding.legacy : contains(b.members, "user:ann@example.com") == endswith(b.role, "Reader")
    ])
    error_message = "an operator reads both buckets, and writes neither"
  }
}

run "wrong_operators" {
  command = plan

  variables {
    operators = ["ann@example.com"]
  }

  expect_failures = [var.operators]
}

run "queues" {
  command = plan

  assert {
    condition = toset([for r in google_cloud_tasks_queue_iam_member.right : "${split("@", r.member)[0]} ${r.role} ${r.name}"]) == toset([
      "serviceAccount:shop-on-drop roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-sync-gallery roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-sync-gallery roles/cloudtasks.enqueuer shop-poll",
      "serviceAccount:shop-poll-jobs roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-poll-jobs roles/cloudtasks.enqueuer shop-poll",
      "serviceAccount:shop-poll-jobs roles/cloudtasks.enqueuer shop-catalogue",
      "serviceAccount:shop-catalogue roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-catalogue roles/cloudtasks.enqueuer shop-poll",
      "serviceAccount:shop-sync-gallery roles/cloudtasks.enqueuer shop-fetch",
      "serviceAccount:shop-fetch-images roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-fetch-images roles/cloudtasks.enqueuer shop-fetch",
      "serviceAccount:shop-sync-gallery roles/cloudtasks.enqueuer shop-prepare",
      "serviceAccount:shop-prepare roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-prepare roles/cloudtasks.enqueuer shop-prepare",
      "serviceAccount:shop-on-drop roles/cloudtasks.enqueuer shop-place",
      "serviceAccount:shop-catalogue roles/cloudtasks.enqueuer shop-place",
      "serviceAccount:shop-sweep roles/cloudtasks.enqueuer shop-place",
      "serviceAccount:shop-place-names roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-place-names roles/cloudtasks.enqueuer shop-catalogue",
      "serviceAccount:shop-place-names roles/cloudtasks.enqueuer shop-place",
      "serviceAccount:shop-job-finished roles/cloudtasks.enqueuer shop-poll",
      "serviceAccount:shop-webhooks roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-galleries roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-clean-gallery roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-status-link roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-clean-gallery roles/cloudtasks.enqueuer shop-fetch",
      "serviceAccount:shop-sweep roles/cloudtasks.enqueuer shop-sync",
      "serviceAccount:shop-sweep roles/cloudtasks.enqueuer shop-poll",
      "serviceAccount:shop-sweep roles/cloudtasks.enqueuer shop-catalogue",
    ])
    error_message = "who enqueues where"
  }

  assert {
    condition = toset([
      for r in google_service_account_iam_member.right : "${split("@", r.member)[0]} ${r.role} ${split("@", basename(r.service_account_id))[0]}"
      ]) == toset([
      "serviceAccount:shop-on-drop roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-sync-gallery roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-poll-jobs roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-catalogue roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-fetch-images roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-prepare roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-place-names roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-job-finished roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-webhooks roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-galleries roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-clean-gallery roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-status-link roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-sweep roles/iam.serviceAccountUser shop-tasks",
      "serviceAccount:shop-sync-gallery roles/iam.serviceAccountTokenCreator shop-sync-gallery",
    ])
    error_message = "who acts as the tasks' account; and only sync_gallery signs, as itself"
  }
}

run "secrets" {
  command = plan

  assert {
    condition = toset([for r in google_secret_manager_secret_iam_member.right : "${split("@", r.member)[0]} ${r.role} ${r.secret_id}"]) == toset([
      "serviceAccount:shop-sync-gallery roles/secretmanager.secretAccessor shop-shoptet-private-api-token",
      "serviceAccount:shop-poll-jobs roles/secretmanager.secretAccessor shop-shoptet-private-api-token",
      "serviceAccount:shop-catalogue roles/secretmanager.secretAccessor shop-shoptet-private-api-token",
      "serviceAccount:shop-fetch-images roles/secretmanager.secretAccessor shop-shoptet-private-api-token",
      "serviceAccount:shop-job-finished roles/secretmanager.secretAccessor shop-shoptet-webhook-keys",
      "serviceAccount:shop-webhooks roles/secretmanager.secretAccessor shop-webhook-secrets",
      "serviceAccount:shop-galleries roles/secretmanager.secretAccessor shop-shoptet-private-api-token",
      "serviceAccount:shop-galleries roles/secretmanager.secretAccessor shop-api-keys",
      "serviceAccount:shop-clean-gallery roles/secretmanager.secretAccessor shop-shoptet-private-api-token",
      "serviceAccount:shop-clean-gallery roles/secretmanager.secretAccessor shop-api-keys",
    ])
    error_message = "who reads which secret"
  }
}

run "callers" {
  command = plan

  assert {
    condition = toset([for r in google_cloud_run_v2_service_iam_member.invoker : "${split("@", r.member)[0]} ${r.role} ${r.name}"]) == toset([
      "serviceAccount:shop-events roles/run.invoker shop-on-drop-finalized",
      "serviceAccount:shop-events roles/run.invoker shop-on-drop-deleted",
      "serviceAccount:shop-events roles/run.invoker shop-on-drop-metadata",
      "serviceAccount:shop-tasks roles/run.invoker shop-sync-gallery",
      "serviceAccount:shop-tasks roles/run.invoker shop-poll-jobs",
      "serviceAccount:shop-tasks roles/run.invoker shop-read-catalogue",
      "serviceAccount:shop-tasks roles/run.invoker shop-fetch-images",
      "serviceAccount:shop-tasks roles/run.invoker shop-prepare-picture",
      "serviceAccount:shop-tasks roles/run.invoker shop-place-names",
      "serviceAccount:shop-scheduler roles/run.invoker shop-sweep",
      "allUsers roles/run.invoker shop-job-finished",
      "allUsers roles/run.invoker shop-webhooks",
      "allUsers roles/run.invoker shop-galleries",
      "allUsers roles/run.invoker shop-clean-gallery",
      "allUsers roles/run.invoker shop-status-link",
    ])
    error_message = "who calls which function; only five are public"
  }

  assert {
    condition = alltrue([
      for deployment, deployed in google_cloudfunctions2_function.function :
      deployed.service_config[0].ingress_settings == (
        contains(["job-finished", "webhooks", "galleries", "clean-gallery", "status-link"], deployment) ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
      )
    ])
    error_message = "what only Google calls is not to be reached from outside"
  }

  assert {
    condition = toset([for r in google_project_iam_member.right : "${split("@", r.member)[0]} ${r.role}"]) == toset([
      "serviceAccount:shop-events roles/eventarc.eventReceiver",
    ])
    error_message = "one right on the whole project, and no other"
  }
}

run "deployed" {
  command = apply
}

# A function that is replaced: what is made anew in this run says so in a field that only the made-up values have.
run "a_function_replaced" {
  command = apply

  plan_options {
    replace = [google_cloudfunctions2_function.function["sweep"]]
  }

  override_resource {
    target = google_cloud_run_v2_service_iam_member.invoker
    values = { etag = "made anew" }
  }

  assert {
    condition     = [for deployment, right in google_cloud_run_v2_service_iam_member.invoker : deployment if right.etag == "made anew"] == ["sweep"]
    error_message = "a function that is replaced gets its caller's right again, and no other function's is touched"
  }
}
