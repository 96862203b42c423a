mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project_id = "demo-project"
}

run "project" {
  assert {
    condition = toset([for r in google_project_iam_member.right : "${r.member} ${r.role}"]) == toset([
      "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com roles/pubsub.publisher",
      "serviceAccount:service-123456789012@gcp-sa-eventarc.iam.gserviceaccount.com roles/eventarc.serviceAgent",
      "serviceAccount:gallery-sync-build@demo-project.iam.gserviceaccount.com roles/artifactregistry.writer",
      "serviceAccount:gallery-sync-build@demo-project.iam.gserviceaccount.com roles/logging.logWriter",
      "serviceAccount:gallery-sync-build@demo-project.iam.gserviceaccount.com roles/storage.objectViewer",
    ])
    error_message = "Cloud Storage announces changes; Eventarc makes triggers; the account for builds reads sources, and writes images and logs"
  }

  assert {
    condition = [for r in google_project_iam_member.right : r.condition[0].expression if length(r.condition) > 0] == [
      "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-123456789012-\")",
    ]
    error_message = "who builds reads the functions' sources only, and no shop's buckets"
  }

  assert {
    condition     = alltrue([for s in google_project_service.service : !s.disable_on_destroy]) && length(google_project_service.service) == 15
    error_message = "services are switched on, and never off"
  }

  assert {
    condition = output.project == {
      id            = "demo-project"
      number        = "123456789012"
      build_account = "projects/demo-project/serviceAccounts/gallery-sync-build@demo-project.iam.gserviceaccount.com"
    }
    error_message = "the project as the module shop takes it"
  }
}

run "wrong_id" {
  command = plan

  variables {
    project_id = "Demo"
  }

  expect_failures = [var.project_id]
}
