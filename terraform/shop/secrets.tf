# The secrets, each called by the setting that it is read as. Their values come from `gallery-sync secret set`: Terraform
# never sees them, so its state holds none.

resource "google_secret_manager_secret" "secret" {
  for_each = toset(flatten([for f in local.here : f.secrets]))

  project   = var.project.id
  secret_id = "${var.name}-${replace(lower(each.key), "_", "-")}"
  labels    = local.labels

  replication {
    auto {}
  }
}
