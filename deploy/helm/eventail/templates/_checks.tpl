{{- /* Mistakes that no schema can see. */ -}}
{{- define "eventail.checks" -}}
{{- $several := gt (int .Values.replicas) 1 -}}
{{- if and $several .Values.wal.enabled .Values.wal.persistence.enabled -}}
{{- fail "two replicas cannot share the volume of one write-ahead log: set replicas to 1, or wal.persistence.enabled to false" -}}
{{- end -}}
{{- if and (not .Values.config.create) (not .Values.config.name) -}}
{{- fail "config.name is needed when config.create is false" -}}
{{- end -}}
{{- $enrich := default dict .Values.config.snippets.kubernetesEvents.enrich -}}
{{- if and .Values.rbac.create .Values.rbac.namespaces $enrich.node_labels -}}
{{- fail "nodes are in no namespace: with rbac.namespaces, set rbac.create to false and apply what `eventail rbac` prints, or leave node_labels out" -}}
{{- end -}}
{{- if and .Values.podDisruptionBudget.minAvailable .Values.podDisruptionBudget.maxUnavailable -}}
{{- fail "podDisruptionBudget takes minAvailable or maxUnavailable: set the other one to null" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.service.enabled) -}}
{{- fail "serviceMonitor finds the pods by the Service: set service.enabled to true" -}}
{{- end -}}
{{- end -}}
