output "shops" {
  description = "By shop: where files are dropped, what Shoptet and other systems call, which secrets have to be filled."
  value = {
    for name, shop in module.shop : name => {
      drop_bucket = shop.drop_bucket
      urls        = shop.urls
      secrets     = shop.secrets
      source      = shop.source_object
    }
  }
}

output "environment" {
  description = "By shop: what the gallery-sync command reads, as lines for a shell."
  value       = { for name, shop in module.shop : name => shop.environment }
}

output "next" {
  description = "The commands to run next, by shop."
  value = {
    for name, shop in module.shop : name => concat(
      ["eval \"$(terraform output -json environment | jq -r .${name})\""],
      var.functions_deployed ? [
        "gallery-sync check",
        "gcloud storage cp PICTURE.jpg gs://${shop.drop_bucket}/PRODUCT-CODE/",
        ] : concat(
        # The keys of job:finished are Shoptet's to give: `webhook register` stores them.
        [for setting in keys(shop.secrets) : "gallery-sync secret set ${setting}" if setting != "SHOPTET_WEBHOOK_KEYS"],
        ["gallery-sync webhook register", "terraform apply"],
      ),
    )
  }
}
