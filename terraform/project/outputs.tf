output "project" {
  description = "The project, as the module `shop` takes it: whoever reads this waits until services and rights are there."
  value = {
    id            = var.project_id
    number        = data.google_project.project.number
    build_account = "projects/${var.project_id}/serviceAccounts/${google_service_account.build.account_id}@${var.project_id}.iam.gserviceaccount.com"
  }

  depends_on = [google_project_service.service, google_project_iam_member.right]
}
