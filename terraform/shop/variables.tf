variable "project" {
  description = "The project, as the module `project` puts it out."
  type = object({
    id            = string
    number        = string
    build_account = string
  })

  validation {
    condition     = can(regex("^[0-9]+$", var.project.number))
    error_message = "project.number is the project's number: digits only."
  }
}

variable "name" {
  description = "The shop's short name: every name of this shop's resources begins with it."
  type        = string

  validation {
    # An account's id has 30 characters at most, and the longest one is NAME-clean-gallery.
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "name has 3 to 16 lower-case letters, digits and single hyphens, begins with a letter and does not end in a hyphen."
  }
}

variable "region" {
  description = "Where everything is: functions, queues, buckets. One region, because a trigger's location must match its bucket's."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is one region, such as europe-west1; no zone, no multi-region."
  }
}

variable "source_archive" {
  description = "Path of the functions' source archive, as `make package` writes it, from the folder in which Terraform runs."
  type        = string
  default     = "../../../build/gallery-sync.zip"

  validation {
    condition     = fileexists(var.source_archive)
    error_message = "There is no source archive at this path: run `make package`, or correct source_archive."
  }
}

variable "functions_deployed" {
  description = "false leaves the functions, and what calls or watches them, out: for the first apply, because a function does not start before its secrets have values; and to stop everything. Nothing is lost meanwhile."
  type        = bool
  default     = true
}

variable "left_out" {
  description = "Functions that this shop does not need: any of webhooks, galleries, clean_gallery, status_link."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.left_out, ["webhooks", "galleries", "clean_gallery", "status_link"])) == 0
    error_message = "Only webhooks, galleries, clean_gallery and status_link can be left out: the others need each other."
  }
}

variable "shoptet_eshop_url" {
  description = "For an add-on: the e-shop's address, and its token is the secret SHOPTET_OAUTH_TOKEN. null: the shop has a private API, and the token is SHOPTET_PRIVATE_API_TOKEN."
  type        = string
  default     = null

  validation {
    condition     = var.shoptet_eshop_url == null || can(regex("^https://[^/]+/?$", var.shoptet_eshop_url))
    error_message = "shoptet_eshop_url is the e-shop's address, such as https://www.example.cz"
  }
}

variable "shoptet_eshop_id" {
  description = "Shoptet's number of the shop: job_finished takes the notifications of this shop alone. The field eshop of its log lines tells it. null: any shop's, as long as they are signed."
  type        = number
  default     = null

  validation {
    condition     = var.shoptet_eshop_id == null || try(var.shoptet_eshop_id >= 1 && floor(var.shoptet_eshop_id) == var.shoptet_eshop_id, false)
    error_message = "shoptet_eshop_id is the shop's number at Shoptet, such as 222651."
  }
}

variable "sync_window_seconds" {
  description = "Drops of one gallery within this many seconds become one run."
  type        = number
  default     = 5

  validation {
    condition     = var.sync_window_seconds > 0 && var.sync_window_seconds <= 600
    error_message = "sync_window_seconds is more than 0 and at most 600."
  }
}

variable "mirror_deletes" {
  description = "true: a file deleted from the drop bucket takes its image along; false: the image stays."
  type        = bool
  default     = false
}

variable "description_template" {
  description = "How dropped pictures are described that come without a description: {product} is the product's name, {n} which picture it is, as in \"{product} – {n}\". Empty: not at all."
  type        = string
  default     = ""

  validation {
    condition     = length(var.description_template) <= 1000 && !can(regex("[{}]", replace(replace(var.description_template, "{product}", ""), "{n}", "")))
    error_message = "description_template holds {product} and {n} in braces, nothing else, and 1,000 characters at most."
  }
}

variable "variant_folders" {
  description = "true: the first picture of a folder that is named by a variant's code becomes that variant's image."
  type        = bool
  default     = false
}

variable "only_products" {
  description = "For a trial: guids or codes of the only products whose galleries are changed; all others wait. Empty: all."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for product in var.only_products : can(regex("^[^, ]+$", product))])
    error_message = "only_products are guids or codes without spaces and commas; name others by guid."
  }
}

variable "remove_reference" {
  description = "true: such a deletion also removes a variant's reference to the image; false: it then is a visible failure."
  type        = bool
  default     = false
}

variable "max_attempts" {
  description = "How often a picture is tried before it has failed for good."
  type        = number
  default     = 5

  validation {
    condition     = var.max_attempts >= 1 && var.max_attempts <= 100 && floor(var.max_attempts) == var.max_attempts
    error_message = "max_attempts is a whole number from 1 to 100."
  }
}

variable "name_patterns" {
  description = "How pictures in no product's folder are named: templates of {code} or {ean}, {n}, {letter} and {free}, with folders in front where they begin with one that is written out. Empty: they are refused."
  type        = list(string)
  default     = ["{code}_{n}", "{code}-{n}", "{code} ({n})", "{code}", "{ean}_{n}", "{ean}-{n}", "{ean}"]

  validation {
    condition     = alltrue([for pattern in var.name_patterns : length(regexall("\\{(code|ean)\\}", pattern)) == 1 && !strcontains(pattern, ";")])
    error_message = "Each of name_patterns holds {code} or {ean}, once, and no semicolon."
  }
}

variable "slash_signs" {
  description = "Signs that may stand for a / of a code in such names."
  type        = string
  default     = "-_"

  validation {
    condition     = can(regex("^[^[:alnum:]/%;{} ]{1,8}$", var.slash_signs))
    error_message = "slash_signs are signs such as -_ without spaces between."
  }
}

variable "prepare" {
  description = "Whether dropped pictures are made into what the shop can show, where they are not. false: they are only checked, and refused."
  type        = bool
  default     = true
}

variable "accept_webp" {
  description = "true: WebP goes as it is, because this shop takes it (gallery-sync probe finds that out by itself)."
  type        = bool
  default     = false
}

variable "max_picture_bytes" {
  description = "Bytes of a picture, above which it is made smaller. Shoptet is known to lose large ones without a word."
  type        = number
  default     = 6000000

  validation {
    condition     = var.max_picture_bytes >= 100000 && floor(var.max_picture_bytes) == var.max_picture_bytes
    error_message = "max_picture_bytes is a whole number from 100000."
  }
}

variable "max_picture_pixels" {
  description = "Pixels of a picture's longer side, above which it is made smaller."
  type        = number
  default     = 4096

  validation {
    condition     = var.max_picture_pixels >= 500 && floor(var.max_picture_pixels) == var.max_picture_pixels
    error_message = "max_picture_pixels is a whole number from 500."
  }
}

variable "min_pixels" {
  description = "Pixels of a picture's longer side, below which it is refused. Unset: a small one only gets a warning."
  type        = number
  default     = null

  validation {
    condition     = var.min_pixels == null ? true : var.min_pixels >= 1 && floor(var.min_pixels) == var.min_pixels
    error_message = "min_pixels is a whole number from 1, or unset."
  }
}

variable "background" {
  description = "The colour that what is transparent in a picture is put on, as #ffffff. Unset: it stays transparent, as PNG."
  type        = string
  default     = null

  validation {
    condition     = var.background == null ? true : can(regex("^#[0-9A-Fa-f]{6}$", var.background))
    error_message = "background is a colour as #ffffff, or unset."
  }
}

variable "verify" {
  description = "Whether pictures are fetched from the shop after they landed, and compared with what was sent: auto (where gallery-sync probe found that the shop gives them), on, or off."
  type        = string
  default     = "auto"

  validation {
    condition     = contains(["auto", "on", "off"], var.verify)
    error_message = "verify is auto, on or off."
  }
}

variable "allow_private_sources" {
  description = "true: other systems may name pictures by http:// and at private addresses, which Shoptet itself would have to reach."
  type        = bool
  default     = false
}

variable "secret_versions" {
  description = "By setting: which version of a secret the functions read, where it is not the latest. A function reads a secret when an instance starts: another number here makes new instances, so it rolls a value out, and back."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for setting, version in var.secret_versions :
      contains(["SHOPTET_PRIVATE_API_TOKEN", "SHOPTET_OAUTH_TOKEN", "SHOPTET_WEBHOOK_KEYS", "WEBHOOK_SECRETS", "API_KEYS"], setting)
      && can(regex("^(latest|[1-9][0-9]*)$", version))
    ])
    error_message = "secret_versions has the settings that are secrets as keys, and numbers or latest as values."
  }
}

variable "min_instances" {
  description = "Instances kept warm, by function; none by default. They cost money all the time (README.md, \"What it costs\")."
  type        = map(number)
  default     = {}

  validation {
    condition = alltrue([
      for function, count in var.min_instances :
      contains(["on_drop", "sync_gallery", "poll_jobs", "read_catalogue", "fetch_images", "prepare_picture", "place_names", "job_finished", "webhooks", "galleries", "clean_gallery", "status_link", "sweep"], function)
      && contains([0, 1], count)
    ])
    error_message = "min_instances has names of functions as keys, and 0 or 1 as values."
  }
}

variable "history_days" {
  description = "Days for which older versions of ledgers and other documents are kept."
  type        = number
  default     = 30

  validation {
    condition     = var.history_days >= 7 && var.history_days <= 365
    error_message = "history_days is 7 to 365."
  }
}

variable "removed_days" {
  description = "Days for which files that a cleanup removed from the drop bucket, and what was kept of images that a request deleted, are kept in the state bucket, under removed/."
  type        = number
  default     = 90

  validation {
    condition     = var.removed_days >= 7 && var.removed_days <= 3650
    error_message = "removed_days is 7 to 3650."
  }
}

variable "soft_delete_days" {
  description = "Days within which what was deleted or overwritten in a bucket can be brought back."
  type        = number
  default     = 7

  validation {
    condition     = var.soft_delete_days >= 7 && var.soft_delete_days <= 90
    error_message = "soft_delete_days is 7 to 90."
  }
}

variable "operators" {
  description = "People who look into this shop's buckets and run `gallery-sync check`, which signs a URL: user:… or group:…."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for who in var.operators : can(regex("^(user|group|serviceAccount):[^@ ]+@[^@ ]+$", who))])
    error_message = "operators has members such as user:ann@example.com or group:shop@example.com."
  }
}

variable "delete_data" {
  description = "true lets `terraform destroy` delete buckets that are not empty: pictures and ledgers are gone then."
  type        = bool
  default     = false
}

variable "sweep_schedule" {
  description = "When sweep looks for what got stuck or lost: a cron line, in UTC."
  type        = string
  default     = "*/10 * * * *"

  validation {
    condition     = length(split(" ", var.sweep_schedule)) == 5
    error_message = "sweep_schedule is a cron line of five fields."
  }
}

variable "notification_channels" {
  description = "Who hears of alerts: full names of Cloud Monitoring's notification channels. Empty: alerts are only shown."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "A notification channel is written projects/PROJECT/notificationChannels/ID."
  }
}

variable "refused_calls_alert" {
  description = "How many calls with a wrong signature or key within 10 minutes are worth an alert."
  type        = number
  default     = 20

  validation {
    condition     = var.refused_calls_alert >= 1
    error_message = "refused_calls_alert is 1 or more."
  }
}

variable "labels" {
  description = "Labels for every resource that can have them, beside app and shop."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setintersection(keys(var.labels), ["app", "shop"])) == 0
    error_message = "The labels app and shop are the module's own."
  }
}
