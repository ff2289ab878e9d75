{{- /* What `enrich` of the snippet for events may look up when it names no resources. A test holds it to the agent's own. */ -}}
{{- define "eventail.workloads" -}}
pods replicationcontrollers replicasets.apps deployments.apps statefulsets.apps daemonsets.apps jobs.batch cronjobs.batch
{{- end -}}

{{- /* The rules that `eventail rbac` prints for the same configuration, beside those for events. */ -}}
{{- define "eventail.enrichRules" -}}
{{- $events := .Values.config.snippets.kubernetesEvents -}}
{{- $enrich := ternary dict (default dict $events.enrich) (not (empty .Values.config.file)) -}}
{{- if or $enrich.labels $enrich.annotations $enrich.owners }}
{{- $groups := dict }}
{{- range default (splitList " " (include "eventail.workloads" .)) $enrich.resources }}
{{- $parts := splitn "." 2 . }}
{{- $group := default "" $parts._1 }}
{{- $_ := set $groups $group (append (default list (get $groups $group)) $parts._0) }}
{{- end }}
{{- range $group, $resources := $groups }}
- apiGroups: [{{ $group | quote }}]
  resources: {{ toJson $resources }}
  verbs: [get, list]
{{- end }}
{{- end }}
{{- if $enrich.namespace_labels }}
- apiGroups: ['']
  resources: [namespaces]
  verbs: {{ ternary "[get]" "[list, watch]" (or (not (empty .Values.rbac.namespaces)) (not (empty $events.namespaces))) }}
{{- end }}
{{- if $enrich.node_labels }}
- apiGroups: ['']
  resources: [nodes]
  verbs: [list, watch]
{{- end }}
{{- end -}}
