# The whole of it, two shops in one project. tests/terraform reads what this run leaves behind.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_monitoring_notification_channel" {
    defaults = { name = "projects/demo-project/notificationChannels/1" }
  }
}

variables {
  project_id     = "demo-project"
  alert_emails   = ["shop@example.com"]
  source_archive = "tests/any.zip" # Only its hash is used.
}

run "two_shops" {
  assert {
    condition     = output.shops["fashion"].drop_bucket == "demo-project-fashion-drop" && output.shops["garden"].drop_bucket == "demo-project-garden-drop"
    error_message = "each shop has a bucket of its own"
  }

  assert {
    condition     = keys(output.shops["garden"].urls) == ["job_finished"] && length(output.shops["fashion"].urls) == 5
    error_message = "the second shop leaves out what works for other systems"
  }

  assert {
    condition     = contains(output.next["fashion"], "gcloud storage cp PICTURE.jpg gs://demo-project-fashion-drop/PRODUCT-CODE/")
    error_message = "the next step is the first picture"
  }
}

run "first_apply" {
  command = plan

  variables {
    functions_deployed = false
  }

  assert {
    condition = output.next["garden"] == [
      "eval \"$(terraform output -json environment | jq -r .garden)\"",
      "gallery-sync secret set SHOPTET_PRIVATE_API_TOKEN",
      "gallery-sync webhook register",
      "terraform apply",
    ]
    error_message = "the next steps fill the secrets that this shop's functions read"
  }
}
