{{- define "eventail.nodeOptions" -}}
{{- $options := .Values.nodeOptions -}}
{{- if has "--permission" $options -}}
{{- range .Values.extraVolumeMounts -}}
{{- $options = append $options (printf "--allow-fs-read=%s" .mountPath) -}}
{{- end -}}
{{- end -}}
{{- join " " $options -}}
{{- end -}}

{{- define "eventail.env" -}}
- name: NODE_OPTIONS
  value: {{ include "eventail.nodeOptions" . | quote }}
# One arena of glibc's malloc: measured 157 MB instead of 202 MB at full speed.
- name: MALLOC_ARENA_MAX
  value: '1'
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "eventail.arguments" -}}
- -config.file=/etc/eventail/eventail.yaml
{{- if .Values.config.expandEnv }}
- -config.expand-env
{{- end }}
{{- end -}}

{{- define "eventail.configVolume" -}}
- name: config
  {{- if eq .Values.config.kind "Secret" }}
  secret:
    secretName: {{ include "eventail.configName" . }}
  {{- else }}
  configMap:
    name: {{ include "eventail.configName" . }}
  {{- end }}
{{- end -}}

{{- define "eventail.walVolume" -}}
- name: wal
  {{- if .Values.wal.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ include "eventail.walClaimName" . }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ .Values.wal.persistence.size }}
  {{- end }}
{{- end -}}

{{- define "eventail.container" -}}
- name: eventail
  image: {{ include "eventail.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args:
    - run
    {{- include "eventail.arguments" . | nindent 4 }}
    {{- with .Values.extraArgs }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  env:
    {{- include "eventail.env" . | nindent 4 }}
  {{- with .Values.extraEnvFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - name: http-metrics
      containerPort: {{ int .Values.config.serverPort }}
      protocol: TCP
  {{- range $probe := list "startupProbe" "livenessProbe" "readinessProbe" }}
  {{- with get $.Values $probe }}
  {{ $probe }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with .Values.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.containerSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: config
      mountPath: /etc/eventail
      readOnly: true
    {{- if .Values.wal.enabled }}
    - name: wal
      mountPath: /var/lib/eventail
    {{- end }}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- /* Where the pods run: keys of a pod's spec that are taken as they are. */ -}}
{{- define "eventail.placement" -}}
{{- with default .Values.imagePullSecrets .Values.global.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- range $key := list "priorityClassName" "dnsPolicy" "dnsConfig" "hostAliases" "nodeSelector" "tolerations" "affinity" }}
{{- with get $.Values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- else }}
{{- if gt (int .Values.replicas) 1 }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "eventail.selectorLabels" . | nindent 8 }}
{{- end }}
{{- end }}
{{- end -}}
