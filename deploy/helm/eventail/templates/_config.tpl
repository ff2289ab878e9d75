{{- /* More than one replica never runs without leader election. */ -}}
{{- define "eventail.elects" -}}
{{- if or .Values.leaderElection.enabled (gt (int .Values.replicas) 1) }}true{{ end -}}
{{- end -}}

{{- /* A snippet as YAML: what is text is a template, as in Promtail's chart. */ -}}
{{- define "eventail.snippet" -}}
{{- if kindIs "string" .snippet -}}
{{- tpl .snippet .root | trim -}}
{{- else if .snippet -}}
{{- toYaml .snippet -}}
{{- end -}}
{{- end -}}

{{- define "eventail.clients" -}}
{{- $cluster := .Values.config.cluster -}}
{{- range .Values.config.clients }}
{{- $labels := default dict .external_labels }}
{{- if and $cluster (not (hasKey $labels "cluster")) }}
{{- $labels = set (deepCopy $labels) "cluster" $cluster }}
{{- end }}
{{- $client := omit . "external_labels" }}
{{- if $labels }}
{{- $client = set $client "external_labels" $labels }}
{{- end }}
- {{ toYaml $client | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{- define "eventail.scrapeConfig" -}}
{{- $events := dict "start" "all" -}}
{{- with .Values.rbac.namespaces }}{{ $events = set $events "namespaces" . }}{{ end -}}
{{- range $key, $value := .Values.config.snippets.kubernetesEvents }}{{ $events = set $events $key $value }}{{ end -}}
- job_name: kubernetes-events
  kubernetes_events:
    {{- toYaml $events | nindent 4 }}
  {{- with .Values.config.snippets.pipelineStages }}
  pipeline_stages:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.config.snippets.extraRelabelConfigs }}
  relabel_configs:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- /* The configuration of the agent: one text, from which the checksum of the pods is made too. */ -}}
{{- define "eventail.config" -}}
{{- if .Values.config.file -}}
{{- tpl .Values.config.file . -}}
{{- else -}}
server:
  http_listen_port: {{ int .Values.config.serverPort }}
  log_level: {{ .Values.config.logLevel }}
  log_format: {{ .Values.config.logFormat }}
  graceful_shutdown_timeout: 5s
  {{- with include "eventail.snippet" (dict "snippet" .Values.config.snippets.extraServerConfigs "root" .) }}
  {{- . | nindent 2 }}
  {{- end }}
clients:
  {{- include "eventail.clients" . | trim | nindent 2 }}
positions:
  lease:
    name: {{ include "eventail.fullname" . }}
  {{- with .Values.config.positions }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
leader_election:
  enabled: {{ if include "eventail.elects" . }}true{{ else }}false{{ end }}
  {{- with .Values.leaderElection.config }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
wal:
  enabled: {{ .Values.wal.enabled }}
  dir: /var/lib/eventail/wal
  max_bytes: {{ .Values.wal.maxBytes }}
  {{- with .Values.wal.config }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with include "eventail.snippet" (dict "snippet" .Values.config.snippets.extraLimitsConfig "root" .) }}
limits_config:
  {{- . | nindent 2 }}
{{- end }}
drain_timeout: {{ .Values.config.drainTimeout }}
scrape_configs:
  {{- include "eventail.scrapeConfig" . | nindent 2 }}
  {{- with include "eventail.snippet" (dict "snippet" .Values.config.snippets.extraScrapeConfigs "root" .) }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end -}}
{{- end -}}
