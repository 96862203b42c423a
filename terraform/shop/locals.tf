# The one list of functions: what each reads, may do, and is given. Everything else in this module follows from it;
# tests/settings.json holds what the code demands, and the tests compare the two.

locals {
  settings_of = {
    common     = ["SYNC_WINDOW_SECONDS"]
    tasks      = ["TASKS_SERVICE_ACCOUNT"]
    sync_tasks = ["SYNC_QUEUE", "SYNC_URL"]
    poll_tasks = ["POLL_QUEUE", "POLL_URL"]
    read_tasks = ["CATALOGUE_QUEUE", "CATALOGUE_URL"]
    pictures   = ["FETCH_QUEUE", "FETCH_URL"]
    prepare    = ["PREPARE_QUEUE", "PREPARE_URL"]
    place      = ["PLACE_QUEUE", "PLACE_URL"]
    names      = ["NAME_PATTERNS", "SLASH_SIGNS"]
    recipe = concat(
      ["PREPARE", "ACCEPT_WEBP", "MAX_PICTURE_BYTES", "MAX_PICTURE_PIXELS"],
      var.min_pixels == null ? [] : ["MIN_PIXELS"], var.background == null ? [] : ["BACKGROUND"],
    )
    state = ["STATE_BUCKET"]
    only  = length(var.only_products) == 0 ? [] : ["ONLY_PRODUCTS"]
    shop  = var.shoptet_eshop_url == null ? [] : ["SHOPTET_ESHOP_URL"]
    eshop = var.shoptet_eshop_id == null ? [] : ["SHOPTET_ESHOP_ID"]
  }

  # With a private API one token, as an add-on the other; the code refuses both together.
  token = var.shoptet_eshop_url == null ? "SHOPTET_PRIVATE_API_TOKEN" : "SHOPTET_OAUTH_TOKEN"

  # settings, secrets: what it reads from its environment; gallery_sync/settings.py decides.
  # drop, state:       what it may do in these buckets: read, write, placing (write, below placing/ alone), or null.
  # signs:             whether it makes signed URLs.
  # caller:            who calls it: tasks, events, scheduler, or public with a signature or key of its own.
  # timeout:           seconds. Whoever calls Shoptet ends before Cloud Tasks gives up the attempt (240 s), and that is
  #                    before a flight without a job is judged (300 s): gallery_sync/schedule.py, `Timing`.
  # concurrency:       requests that one instance works on at a time; more than one takes a whole CPU.
  # instances:         at most. Cloud Run may pass it briefly, so nothing's correctness hangs on it.
  functions = {
    on_drop = {
      purpose = "names the gallery that a change in the drop bucket belongs to, and enqueues its sync"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.place,
        local.settings_of.names, local.settings_of.state, ["DROP_BUCKET"],
      )
      secrets     = []
      drop        = null
      state       = "placing" # A name in no product's folder waits there; nothing else of it is its own.
      signs       = false
      caller      = "events"
      timeout     = 60
      concurrency = 8
      instances   = 5
      memory      = "512Mi"
    }
    sync_gallery = {
      purpose = "brings one gallery on its way: the only place that starts work at Shoptet"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.poll_tasks,
        local.settings_of.pictures, local.settings_of.prepare, local.settings_of.recipe, local.settings_of.names,
        local.settings_of.state, local.settings_of.shop, local.settings_of.only, ["DROP_BUCKET", "VERIFY", "MIRROR_DELETES", "REMOVE_REFERENCE", "MAX_ATTEMPTS", "DESCRIPTION_TEMPLATE", "VARIANT_FOLDERS"],
      )
      secrets = [local.token]
      drop    = "write" # A cleanup that purges moves the gallery's files to removed/ in the state bucket.
      state   = "write"
      signs   = true
      caller  = "tasks"
      timeout = 180
      # Two at a time, as its queue: one connection to Shoptet each, and one is left for poll_jobs.
      concurrency = 1
      instances   = 2
      memory      = "512Mi"
    }
    poll_jobs = {
      purpose = "looks at all jobs under way with one call"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.poll_tasks,
        local.settings_of.read_tasks, local.settings_of.state, local.settings_of.shop,
      )
      secrets     = [local.token]
      drop        = null
      state       = "write"
      signs       = false
      caller      = "tasks"
      timeout     = 180
      concurrency = 1
      instances   = 1
      memory      = "512Mi"
    }
    read_catalogue = {
      purpose = "keeps what is known of the whole shop: a snapshot a day, and what changed in between"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.poll_tasks,
        local.settings_of.place, local.settings_of.state, local.settings_of.shop,
      )
      secrets = [local.token]
      drop    = null
      state   = "write"
      signs   = false
      caller  = "tasks"
      # A snapshot of 100,000 products is read line by line, twice, in half a minute, with memory that does not grow.
      timeout     = 180
      concurrency = 1
      instances   = 1
      memory      = "512Mi"
    }
    fetch_images = {
      purpose = "fetches pictures from the shop: to see what landed, and to keep what is about to be deleted"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.pictures,
        local.settings_of.state, local.settings_of.shop, ["DROP_BUCKET", "VERIFY"],
      )
      secrets = [local.token] # It asks once where the shop's pictures are.
      drop    = "read"
      state   = "write"
      signs   = false
      caller  = "tasks"
      # One picture at a time: one connection to the shop's site, and one process that decodes, of 1 GiB at most.
      timeout     = 180
      concurrency = 1
      instances   = 1
      memory      = "2Gi"
    }
    prepare_picture = {
      purpose = "opens dropped files before they are sent, and makes of them what the shop can show"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.prepare,
        local.settings_of.recipe, local.settings_of.state, ["DROP_BUCKET"],
      )
      secrets = []
      drop    = "read"
      state   = "write"
      signs   = false
      caller  = "tasks"
      # One picture at a time, in a process of its own. It calls nothing of Shoptet's, so nothing there bounds it.
      timeout     = 180
      concurrency = 1
      instances   = 4
      memory      = "1Gi"
    }
    place_names = {
      purpose = "finds out whose the pictures are that lie in no product's folder, by the catalogue"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.read_tasks,
        local.settings_of.place, local.settings_of.names, local.settings_of.state, ["DROP_BUCKET"],
      )
      secrets = []
      drop    = "write" # A ZIP is unpacked there.
      state   = "write"
      signs   = false
      caller  = "tasks"
      # Once a day it compares all names with the new catalogue, however many there are.
      timeout     = 180
      concurrency = 1
      instances   = 1
      memory      = "1Gi"
    }
    job_finished = {
      purpose  = "takes Shoptet's word that a job has ended"
      settings = concat(local.settings_of.common, local.settings_of.tasks, local.settings_of.poll_tasks, local.settings_of.eshop)
      secrets  = ["SHOPTET_WEBHOOK_KEYS"]
      drop     = null
      state    = null
      signs    = false
      caller   = "public"
      # Shoptet waits 4 seconds; the rest is for an instance that has to start first.
      timeout     = 30
      concurrency = 8
      instances   = 3
      memory      = "512Mi"
    }
    webhooks = {
      purpose = "takes signed events of other systems"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.state,
        ["ALLOW_PRIVATE_SOURCES"],
      )
      secrets     = ["WEBHOOK_SECRETS"]
      drop        = null
      state       = "write"
      signs       = false
      caller      = "public"
      timeout     = 60
      concurrency = 8
      instances   = 3
      memory      = "512Mi"
    }
    galleries = {
      purpose = "lists, inserts and changes images for other systems"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.state,
        local.settings_of.shop, local.settings_of.only, ["DROP_BUCKET", "MAX_ATTEMPTS", "ALLOW_PRIVATE_SOURCES"],
      )
      secrets = [local.token, "API_KEYS"]
      drop    = "read"
      state   = "write"
      signs   = false
      caller  = "public"
      timeout = 180
      # One instance, so that the gate in it holds for all callers: Shoptet takes three connections in all.
      concurrency = 8
      instances   = 1
      memory      = "512Mi"
    }
    clean_gallery = {
      purpose = "deletes images for other systems"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.state,
        local.settings_of.pictures, local.settings_of.shop, local.settings_of.only, ["DROP_BUCKET", "MAX_ATTEMPTS"],
      )
      secrets     = [local.token, "API_KEYS"]
      drop        = "write" # As sync_gallery: cleanups are carried out at once where the gallery is free.
      state       = "write"
      signs       = false
      caller      = "public"
      timeout     = 180
      concurrency = 8
      instances   = 1
      memory      = "512Mi"
    }
    status_link = {
      purpose = "shows people what happens to their pictures"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.state,
        local.settings_of.names, ["DROP_BUCKET"],
      )
      secrets     = []
      drop        = "write" # Begins uploads there, which browsers go on with.
      state       = "write" # Reads ledgers and small pictures; writes down what a person asked for.
      signs       = false
      caller      = "public"
      timeout     = 60
      concurrency = 8
      instances   = 3
      memory      = "512Mi"
    }
    sweep = {
      purpose = "finds what got stuck or lost"
      settings = concat(
        local.settings_of.common, local.settings_of.tasks, local.settings_of.sync_tasks, local.settings_of.poll_tasks,
        local.settings_of.read_tasks, local.settings_of.place, local.settings_of.names, local.settings_of.state,
        local.settings_of.only, ["DROP_BUCKET"],
      )
      secrets     = []
      drop        = "read"  # Once a day it compares every folder with its ledger,
      state       = "write" # and writes down how far it has come.
      signs       = false
      caller      = "scheduler"
      timeout     = 180
      concurrency = 1
      instances   = 1
      memory      = "512Mi"
    }
  }

  # A function takes one trigger, so on_drop is deployed once for each event.
  storage_events = {
    finalized = "google.cloud.storage.object.v1.finalized"
    deleted   = "google.cloud.storage.object.v1.deleted"
    metadata  = "google.cloud.storage.object.v1.metadataUpdated"
  }

  here = { for function, f in local.functions : function => f if !contains(var.left_out, function) }

  # By the deployment's name without the shop's: sync-gallery, on-drop-finalized, …
  planned = merge([
    for function, f in local.here : {
      for event in(f.caller == "events" ? keys(local.storage_events) : [""]) :
      trimsuffix("${replace(function, "_", "-")}-${event}", "-") => { function = function, event = event == "" ? null : event }
    }
  ]...)
  deployments = { for deployment, d in local.planned : deployment => d if var.functions_deployed }

  # Cloud Run's deterministic addresses. Known before the functions are there: functions that call each other would
  # otherwise wait for each other. Cloud Run gives one only where NAME-PROJECTNUMBER has 63 characters at most.
  urls = {
    for deployment in keys(local.planned) :
    deployment => "https://${var.name}-${deployment}-${var.project.number}.${var.region}.run.app"
  }

  values = {
    DROP_BUCKET           = google_storage_bucket.drop.name
    STATE_BUCKET          = google_storage_bucket.state.name
    SYNC_QUEUE            = "projects/${var.project.id}/locations/${var.region}/queues/${google_cloud_tasks_queue.queue["sync"].name}"
    POLL_QUEUE            = "projects/${var.project.id}/locations/${var.region}/queues/${google_cloud_tasks_queue.queue["poll"].name}"
    SYNC_URL              = local.urls["sync-gallery"]
    POLL_URL              = local.urls["poll-jobs"]
    CATALOGUE_QUEUE       = "projects/${var.project.id}/locations/${var.region}/queues/${google_cloud_tasks_queue.queue["catalogue"].name}"
    CATALOGUE_URL         = local.urls["read-catalogue"]
    FETCH_QUEUE           = "projects/${var.project.id}/locations/${var.region}/queues/${google_cloud_tasks_queue.queue["fetch"].name}"
    FETCH_URL             = local.urls["fetch-images"]
    PREPARE_QUEUE         = "projects/${var.project.id}/locations/${var.region}/queues/${google_cloud_tasks_queue.queue["prepare"].name}"
    PREPARE_URL           = local.urls["prepare-picture"]
    PLACE_QUEUE           = "projects/${var.project.id}/locations/${var.region}/queues/${google_cloud_tasks_queue.queue["place"].name}"
    PLACE_URL             = local.urls["place-names"]
    NAME_PATTERNS         = length(var.name_patterns) == 0 ? "off" : join("; ", var.name_patterns)
    SLASH_SIGNS           = var.slash_signs
    PREPARE               = var.prepare ? "on" : "off"
    ACCEPT_WEBP           = tostring(var.accept_webp)
    MAX_PICTURE_BYTES     = format("%d", var.max_picture_bytes)
    MAX_PICTURE_PIXELS    = format("%d", var.max_picture_pixels)
    MIN_PIXELS            = var.min_pixels == null ? null : format("%d", var.min_pixels)
    BACKGROUND            = var.background
    VERIFY                = var.verify
    TASKS_SERVICE_ACCOUNT = local.emails["tasks"]
    SHOPTET_ESHOP_URL     = var.shoptet_eshop_url
    SHOPTET_ESHOP_ID      = var.shoptet_eshop_id == null ? null : format("%d", var.shoptet_eshop_id)
    SYNC_WINDOW_SECONDS   = tostring(var.sync_window_seconds)
    MIRROR_DELETES        = tostring(var.mirror_deletes)
    ONLY_PRODUCTS         = join(",", var.only_products)
    REMOVE_REFERENCE      = tostring(var.remove_reference)
    MAX_ATTEMPTS          = tostring(var.max_attempts)
    DESCRIPTION_TEMPLATE  = var.description_template
    VARIANT_FOLDERS       = tostring(var.variant_folders)
    ALLOW_PRIVATE_SOURCES = tostring(var.allow_private_sources)
  }

  labels = merge(var.labels, { app = "gallery-sync", shop = var.name })
}
