output "drop_bucket" {
  description = "Where people put files."
  value       = google_storage_bucket.drop.name
}

output "state_bucket" {
  description = "Where ledgers, jobs and operations are."
  value       = google_storage_bucket.state.name
}

output "urls" {
  description = "Addresses of the public functions; job_finished is what Shoptet calls."
  value       = { for deployment, d in local.planned : d.function => local.urls[deployment] if local.functions[d.function].caller == "public" }
}

output "queues" {
  description = "Full names of the queues."
  value       = { sync = local.values.SYNC_QUEUE, poll = local.values.POLL_QUEUE, catalogue = local.values.CATALOGUE_QUEUE, fetch = local.values.FETCH_QUEUE, prepare = local.values.PREPARE_QUEUE, place = local.values.PLACE_QUEUE }
}

output "secrets" {
  description = "By setting: the secret that `gallery-sync secret set` fills."
  value       = { for setting, secret in google_secret_manager_secret.secret : setting => secret.secret_id }
}

output "environment" {
  description = "What the gallery-sync command reads: lines for a shell. They hold no secret."
  value = join("", [
    for name, value in merge(
      {
        GOOGLE_CLOUD_PROJECT    = var.project.id
        GOOGLE_CLOUD_REGION     = var.region
        GALLERY_SYNC_PREFIX     = var.name
        DROP_BUCKET             = local.values.DROP_BUCKET
        STATE_BUCKET            = local.values.STATE_BUCKET
        SYNC_QUEUE              = local.values.SYNC_QUEUE
        POLL_QUEUE              = local.values.POLL_QUEUE
        JOB_FINISHED_URL        = local.urls["job-finished"]
        NAME_PATTERNS           = local.values.NAME_PATTERNS
        SLASH_SIGNS             = local.values.SLASH_SIGNS
        SIGNING_SERVICE_ACCOUNT = local.emails["sync_gallery"]
      },
      contains(var.left_out, "status_link") ? {} : { STATUS_LINK_URL = local.urls["status-link"] },
      var.shoptet_eshop_url == null ? {} : { SHOPTET_ESHOP_URL = var.shoptet_eshop_url },
    ) : "export ${name}='${value}'\n"
  ])
}

output "source_object" {
  description = "The source archive that is deployed, by its content."
  value       = google_storage_bucket_object.source.name
}
