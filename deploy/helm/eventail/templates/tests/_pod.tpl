{{- /* What the pods of `helm test` have in common: the head of a pod that belongs to no selector of the agent. Give it a name and the root. */ -}}
{{- define "eventail.testHead" -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "eventail.fullname" .root }}-test-{{ .name }}
  namespace: {{ include "eventail.namespace" .root }}
  labels:
    {{- include "eventail.labelsOf" (dict "component" "test" "root" .root) | nindent 4 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- define "eventail.testPlacement" -}}
restartPolicy: Never
enableServiceLinks: false
activeDeadlineSeconds: 120
{{- with default .Values.imagePullSecrets .Values.global.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- range $key := list "dnsPolicy" "dnsConfig" "hostAliases" "nodeSelector" "tolerations" }}
{{- with get $.Values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "eventail.testContainer" -}}
image: {{ include "eventail.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
resources:
  requests:
    cpu: 10m
    memory: 64Mi
  limits:
    memory: 192Mi
{{- with .Values.containerSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
