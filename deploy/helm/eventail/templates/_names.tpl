{{- define "eventail.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* Cut so that the longest suffix still fits into 63 characters. */ -}}
{{- define "eventail.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "eventail.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "eventail.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "eventail.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "eventail.configName" -}}
{{- if .Values.config.create -}}
{{- printf "%s-config" (include "eventail.fullname" .) -}}
{{- else -}}
{{- required "config.name is needed when config.create is false" .Values.config.name -}}
{{- end -}}
{{- end -}}

{{- define "eventail.walClaimName" -}}
{{- default (printf "%s-wal" (include "eventail.fullname" .)) .Values.wal.persistence.existingClaim -}}
{{- end -}}

{{- define "eventail.image" -}}
{{- $registry := default .Values.image.registry .Values.global.image.registry -}}
{{- $repository := .Values.image.repository -}}
{{- if $registry -}}{{- $repository = printf "%s/%s" $registry $repository -}}{{- end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "eventail.selectorLabels" -}}
app.kubernetes.io/name: {{ include "eventail.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: agent
{{- end -}}

{{- /* What every object carries beside its component. */ -}}
{{- define "eventail.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "eventail.labels" -}}
{{ include "eventail.selectorLabels" . }}
{{ include "eventail.commonLabels" . }}
{{- end -}}

{{- /* Labels of what is no part of the agent: rules, dashboards, the test. Give it the component and the root. */ -}}
{{- define "eventail.labelsOf" -}}
app.kubernetes.io/name: {{ include "eventail.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{ include "eventail.commonLabels" .root }}
{{- end -}}

{{- /* Rules whose links to runbooks are no paths of the repository any more. */ -}}
{{- define "eventail.withRunbooks" -}}
{{- if .url -}}
{{- .text | replace "runbook_url: docs/" (printf "runbook_url: %s/docs/" (trimSuffix "/" .url)) -}}
{{- else -}}
{{- .text -}}
{{- end -}}
{{- end -}}
