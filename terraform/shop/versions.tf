terraform {
  required_version = ">= 1.9" # A variable's validation may look at another variable.

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8"
    }
  }
}
