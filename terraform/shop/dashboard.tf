locals {
  charts = [
    { title = "Failed for good", filter = "metric.type=\"${local.metric_types["failed_for_good"]}\"", aligner = "ALIGN_SUM", by = [] },
    { title = "Tried again", filter = "metric.type=\"${local.metric_types["tried_again"]}\"", aligner = "ALIGN_SUM", by = [] },
    { title = "Refused files", filter = "metric.type=\"${local.metric_types["refused_drops"]}\"", aligner = "ALIGN_SUM", by = [] },
    { title = "Rescued by sweep", filter = "metric.type=\"${local.metric_types["rescued"]}\"", aligner = "ALIGN_SUM", by = [] },
    { title = "Refused calls (401)", filter = "metric.type=\"${local.metric_types["refused_calls"]}\"", aligner = "ALIGN_SUM", by = [] },
    { title = "Lines of severity ERROR, by function", filter = "metric.type=\"${local.metric_types["errors"]}\"", aligner = "ALIGN_SUM", by = ["resource.label.service_name"] },
    { title = "Requests, by function", filter = local.our_calls, aligner = "ALIGN_SUM", by = ["resource.label.service_name"] },
    { title = "Answers 5xx, by function", filter = "${local.our_calls} AND metric.label.response_code_class=\"5xx\"", aligner = "ALIGN_SUM", by = ["resource.label.service_name"] },
    { title = "Time to answer, 95 % (ms)", filter = "metric.type=\"run.googleapis.com/request_latencies\" AND ${local.ours_alone}", aligner = "ALIGN_PERCENTILE_95", by = ["resource.label.service_name"] },
    { title = "Instances, by function", filter = "metric.type=\"run.googleapis.com/container/instance_count\" AND ${local.ours_alone}", aligner = "ALIGN_MAX", by = ["resource.label.service_name"] },
    { title = "Tasks in the queues", filter = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND ${local.our_queues}", aligner = "ALIGN_MAX", by = ["resource.label.queue_id"] },
    { title = "How late tasks begin, 99 % (ms)", filter = "metric.type=\"cloudtasks.googleapis.com/queue/task_attempt_delays\" AND ${local.our_queues}", aligner = "ALIGN_PERCENTILE_99", by = ["resource.label.queue_id"] },
  ]
}

resource "google_monitoring_dashboard" "dashboard" {
  count = var.functions_deployed ? 1 : 0

  project = var.project.id
  dashboard_json = jsonencode({
    displayName = "gallery-sync ${var.name}"
    mosaicLayout = {
      columns = 48
      tiles = [
        for i, chart in local.charts : {
          xPos = (i % 3) * 16, yPos = floor(i / 3) * 12, width = 16, height = 12
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = chart.filter
                    aggregation = {
                      alignmentPeriod    = "300s"
                      perSeriesAligner   = chart.aligner
                      crossSeriesReducer = startswith(chart.aligner, "ALIGN_SUM") ? "REDUCE_SUM" : "REDUCE_MAX"
                      groupByFields      = chart.by
                    }
                  }
                }
              }]
            }
          }
        }
      ]
    }
  })
}
