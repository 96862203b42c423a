# Who may do what, all of it: one account a function, and three for those who call them. README.md has the table, and
# the tests compare it with what is planned here.

locals {
  callers = {
    tasks     = "calls sync_gallery, poll_jobs, read_catalogue, fetch_images, prepare_picture and place_names for Cloud Tasks"
    events    = "calls on_drop for Eventarc"
    scheduler = "calls sweep for Cloud Scheduler"
  }

  accounts = merge({ for function, f in local.here : function => f.purpose }, local.callers)

  # Known before the accounts are there, so that a plan shows them.
  emails = { for account, a in google_service_account.account : account => "${a.account_id}@${var.project.id}.iam.gserviceaccount.com" }

  bucket_roles = { read = "roles/storage.objectViewer", write = "roles/storage.objectUser", placing = "roles/storage.objectUser" }

  bucket_rights = merge([
    for bucket in ["drop", "state"] : {
      for function, f in local.here : "${function}/${bucket}" => {
        account = function, bucket = bucket, role = local.bucket_roles[f[bucket]]
      } if f[bucket] != null
    }
  ]...)

  queue_rights = merge([
    for queue in keys(local.queues) : {
      for function, f in local.here : "${function}/${queue}" => { account = function, queue = queue }
      if contains(f.settings, "${upper(queue)}_QUEUE")
    }
  ]...)

  secret_rights = merge([
    for function, f in local.here : { for secret in f.secrets : "${function}/${secret}" => { account = function, secret = secret } }
  ]...)

  account_rights = merge(
    # Who enqueues a task hands it the identity of the tasks' account, so must be allowed to act as it.
    {
      for function, f in local.here : "${function}/tasks" => { account = function, as = "tasks", role = "roles/iam.serviceAccountUser" }
      if contains(f.settings, "TASKS_SERVICE_ACCOUNT")
    },
    # A function has no private key: IAM signs for it (signBlob), as itself and as nobody else.
    {
      for function, f in local.here : "${function}/${function}" => { account = function, as = function, role = "roles/iam.serviceAccountTokenCreator" }
      if f.signs
    },
  )

  # Google binds a project's viewers and editors to every new bucket by these roles: every viewer would read the add-on's
  # token, the ledgers and all pictures, every editor could rewrite them. Bound here alone, they are the owners' and operators'.
  legacy_roles = {
    for pair in setproduct(["drop", "state"], ["legacyBucketOwner", "legacyBucketReader", "legacyObjectOwner", "legacyObjectReader"]) :
    "${pair[0]}/${pair[1]}" => { bucket = pair[0], role = pair[1] }
  }

  # The access token that an add-on's functions share lies in the state bucket. Who does not call Shoptet does not read it.
  shared_token = "projects/_/buckets/${google_storage_bucket.state.name}/objects/token.json"

  project_rights = {
    events = { account = "events", role = "roles/eventarc.eventReceiver" }
  }
}

resource "google_service_account" "account" {
  for_each = local.accounts

  project = var.project.id
  # An id has 30 characters at most, and a shop's name 16.
  account_id   = "${var.name}-${replace(trimsuffix(trimprefix(each.key, "read_"), "_picture"), "_", "-")}"
  display_name = "gallery-sync ${var.name}: ${each.key}"
  description  = each.value
}

resource "google_storage_bucket_iam_member" "right" {
  for_each = local.bucket_rights

  bucket = { drop = google_storage_bucket.drop.name, state = google_storage_bucket.state.name }[each.value.bucket]
  role   = each.value.role
  member = "serviceAccount:${local.emails[each.value.account]}"

  # A listing has the bucket itself as its resource, so below placing/ alone nothing can be listed.
  dynamic "condition" {
    for_each = each.value.bucket != "state" ? [] : (
      local.here[each.value.account].state == "placing" ? ["placing"] : contains(local.here[each.value.account].secrets, local.token) ? [] : ["token"]
    )
    content {
      title = condition.value == "placing" ? "names that wait" : "not the access token"
      expression = (
        condition.value == "placing"
        ? "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.state.name}/objects/placing/\")"
        : "resource.name != \"${local.shared_token}\""
      )
    }
  }
}

resource "google_storage_bucket_iam_binding" "legacy" {
  for_each = local.legacy_roles

  bucket  = { drop = google_storage_bucket.drop.name, state = google_storage_bucket.state.name }[each.value.bucket]
  role    = "roles/storage.${each.value.role}"
  members = concat(["projectOwner:${var.project.id}"], endswith(each.value.role, "Reader") ? tolist(var.operators) : [])
}

# `gallery-sync check` signs a URL as the functions do; the role Owner does not hold that right.
resource "google_service_account_iam_member" "operator" {
  for_each = var.operators

  service_account_id = "projects/${var.project.id}/serviceAccounts/${local.emails["sync_gallery"]}"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = each.key
}

resource "google_cloud_tasks_queue_iam_member" "right" {
  for_each = local.queue_rights

  project  = var.project.id
  location = var.region
  name     = google_cloud_tasks_queue.queue[each.value.queue].name
  role     = "roles/cloudtasks.enqueuer"
  member   = "serviceAccount:${local.emails[each.value.account]}"
}

resource "google_secret_manager_secret_iam_member" "right" {
  for_each = local.secret_rights

  project   = var.project.id
  secret_id = google_secret_manager_secret.secret[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${local.emails[each.value.account]}"
}

resource "google_service_account_iam_member" "right" {
  for_each = local.account_rights

  service_account_id = "projects/${var.project.id}/serviceAccounts/${local.emails[each.value.as]}"
  role               = each.value.role
  member             = "serviceAccount:${local.emails[each.value.account]}"
}

resource "google_project_iam_member" "right" {
  for_each = local.project_rights

  project = var.project.id
  role    = each.value.role
  member  = "serviceAccount:${local.emails[each.value.account]}"
}

# On the Cloud Run service beneath the function: that is what checks a caller's token.
resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = local.deployments

  project  = var.project.id
  location = var.region
  name     = google_cloudfunctions2_function.function[each.key].name
  role     = "roles/run.invoker"
  member = (
    local.functions[each.value.function].caller == "public"
    ? "allUsers" # Signature or key are checked by the function, before anything else.
    : "serviceAccount:${local.emails[local.functions[each.value.function].caller]}"
  )

  # A function that is replaced comes without its invoker, and nothing would call it until the next apply.
  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.function[each.key].id]
  }
}
