# Two shops in one project: what the project has once, and the module `shop` once for each. Copy this folder, put your
# shops in, and keep Terraform's state in a bucket (backend.tf.example).

provider "google" {
  project = var.project_id
  region  = var.region
}

module "project" {
  source     = "../../project"
  project_id = var.project_id
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  project      = module.project.project.id
  display_name = "gallery-sync: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
}

locals {
  shops = {
    # A shop with a private API token, and every function.
    fashion = {}
    # A shop that other systems do not work on over HTTP, whose images go when their files are deleted.
    garden = {
      left_out       = ["webhooks", "galleries", "clean_gallery", "status_link"]
      mirror_deletes = true
    }
  }
}

module "shop" {
  source   = "../../shop"
  for_each = local.shops

  project               = module.project.project
  name                  = each.key
  region                = var.region
  source_archive        = var.source_archive
  functions_deployed    = var.functions_deployed
  left_out              = lookup(each.value, "left_out", [])
  mirror_deletes        = lookup(each.value, "mirror_deletes", false)
  secret_versions       = lookup(var.secret_versions, each.key, {})
  delete_data           = var.delete_data
  operators             = var.operators
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.name]
}
