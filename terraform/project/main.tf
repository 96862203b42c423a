# What a Google Cloud project has once, however many shops it serves: the services that are switched on, the right by
# which Cloud Storage announces changes, and the account that builds the functions.

locals {
  services = toset([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "eventarc.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])

  build_account = "serviceAccount:${google_service_account.build.account_id}@${var.project_id}.iam.gserviceaccount.com"

  # Google's own accounts in this project, whose names follow from its number. Looked up, they would be unknown whenever a
  # service is added, and their rights replaced.
  storage_agent  = "serviceAccount:service-${data.google_project.project.number}@gs-project-accounts.iam.gserviceaccount.com"
  eventarc_agent = "serviceAccount:service-${data.google_project.project.number}@gcp-sa-eventarc.iam.gserviceaccount.com"

  # Every right that this module gives, one line each; README.md, "Rights".
  rights = {
    events = { role = "roles/pubsub.publisher", member = local.storage_agent, only = null }
    # Google gives it with the account, which it makes with the first trigger: the first apply would come before.
    triggers = { role = "roles/eventarc.serviceAgent", member = local.eventarc_agent, only = null }
    images   = { role = "roles/artifactregistry.writer", member = local.build_account, only = null }
    logs     = { role = "roles/logging.logWriter", member = local.build_account, only = null }
    source = {
      role   = "roles/storage.objectViewer"
      member = local.build_account
      # Cloud Functions copies each source archive into buckets of these names and builds from there. Without the
      # condition, whoever builds could read every shop's pictures and documents.
      only = "projects/_/buckets/gcf-v2-sources-${data.google_project.project.number}-"
    }
  }
}

resource "google_project_service" "service" {
  for_each = local.services

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false # Other things in the project may use it.
}

data "google_project" "project" {
  project_id = var.project_id
}

resource "google_service_account" "build" {
  project      = var.project_id
  account_id   = "gallery-sync-build"
  display_name = "gallery-sync: builds the functions"

  depends_on = [google_project_service.service]
}

resource "google_project_iam_member" "right" {
  for_each = local.rights

  project = var.project_id
  role    = each.value.role
  member  = each.value.member

  dynamic "condition" {
    for_each = each.value.only == null ? [] : [each.value.only]
    content {
      title      = "only names that begin so"
      expression = "resource.name.startsWith(\"${condition.value}\")"
    }
  }
}
