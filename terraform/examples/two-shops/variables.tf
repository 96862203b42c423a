variable "project_id" {
  description = "The Google Cloud project, by its id."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project's id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Where everything is."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is one region, such as europe-west1; no zone, no multi-region."
  }
}

variable "source_archive" {
  description = "Path of the functions' source archive, as `make package` writes it, from this folder."
  type        = string
  default     = "../../../build/gallery-sync.zip"

  validation {
    condition     = endswith(var.source_archive, ".zip")
    error_message = "The source archive is a .zip file."
  }
}

variable "functions_deployed" {
  description = "false for the first apply: everything but the functions, which do not start before their secrets have values."
  type        = bool
  default     = true
}

variable "alert_emails" {
  description = "Who hears of alerts, by e-mail."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@ ]+@[^@ ]+$", email))])
    error_message = "An e-mail address has an @ in it."
  }
}

variable "operators" {
  description = "Who sets up and looks: people who run gallery-sync check and release, as user:… or group:…."
  type        = set(string)
  default     = []
}

variable "secret_versions" {
  description = "By shop and setting: which version of a secret the functions read, where it is not the latest."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = alltrue([for shop in keys(var.secret_versions) : contains(keys(local.shops), shop)])
    error_message = "secret_versions has shops' names as keys."
  }
}

variable "delete_data" {
  description = "true lets `terraform destroy` delete buckets that are not empty: pictures and ledgers are gone then."
  type        = bool
  default     = false
}
