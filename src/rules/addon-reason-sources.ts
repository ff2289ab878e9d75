import { LEGACY_RECORDER_SECONDS, type ReasonSource, words } from './reason-sources.ts'

/**
 * Of what often runs in a cluster besides: cluster-autoscaler's FAQ, karpenter pkg/events/reason.go,
 * node-problem-detector config/ and cert-manager pkg/controller.
 */
export const ADDON_REASON_SOURCES: readonly ReasonSource[] = [
  {
    components: ['cluster-autoscaler'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words(`
      ScaledUpGroup ScaleDown ScaleDownEmpty TriggeredScaleUp NotTriggerScaleUp ScaleUp`),
    warning: words(`
      ScaleDownFailed FailedToScaleUpGroup ScaleUpTimedOut ScaleUpFailed FailedToCreateNodeGroup`),
  },
  {
    components: ['vpa-updater'],
    gapSeconds: null,
    normal: words('EvictedByVPA EvictedPod InPlaceResizedByVPA'),
    warning: [],
  },
  {
    components: ['karpenter'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words(`
      Nominated DisruptionBlocked DisruptionLaunching DisruptionTerminating DisruptionWaitingReadiness
      Unconsolidatable ConsolidationCandidate ConsolidationRejected ConsolidationApproved Evicted Disrupted
      AwaitingVolumeDetachment SpotRebalanceRecommendation TerminatingOnInterruption InstanceTerminating`),
    warning: words(`
      FailedScheduling NoCompatibleInstanceTypes FailedDraining TerminationGracePeriodExpiring NodeRepairBlocked
      FailedConsistencyCheck InsufficientCapacityError NodeClassNotReady UnregisteredTaintMissing
      SpotInterrupted`),
    once: words('Evicted Nominated'),
  },
  {
    components: ['kernel-monitor'],
    gapSeconds: null,
    normal: words('KernelHasNoDeadlock'),
    warning: words(`
      OOMKilling TaskHung UnregisterNetDevice KernelOops Ext4Error Ext4Warning IOError MemoryReadError
      CperHardwareErrorCorrected CperHardwareErrorRecoverable CperHardwareErrorFatal XfsHasShutdown DockerHung
      FilesystemIsReadOnly`),
  },
  {
    components: ['readonly-monitor'],
    gapSeconds: null,
    normal: words('FilesystemIsNotReadOnly'),
    warning: words('FilesystemIsReadOnly'),
  },
  {
    components: ['docker-monitor'],
    gapSeconds: null,
    normal: [],
    warning: words('CorruptDockerImage CorruptDockerOverlay2 DockerContainerStartupFailure'),
  },
  {
    components: ['systemd-monitor'],
    gapSeconds: null,
    normal: words(`
      KubeletStart DockerStart ContainerdStart NoFrequentKubeletRestart NoFrequentDockerRestart
      NoFrequentContainerdRestart`),
    warning: words(`
      FrequentKubeletRestart FrequentDockerRestart FrequentContainerdRestart KubeletStart DockerStart
      ContainerdStart`),
  },
  {
    components: ['disk-monitor'],
    gapSeconds: null,
    normal: [],
    warning: words('DiskBadBlock'),
  },
  {
    components: ['abrt-adaptor'],
    gapSeconds: null,
    normal: [],
    warning: words('CCPPCrash UncaughtException XorgCrash VMcore'),
  },
  {
    components: ['health-checker'],
    gapSeconds: null,
    normal: words('KubeletIsHealthy ContainerdIsHealthy DockerIsHealthy KubeProxyIsHealthy'),
    warning: words('KubeletUnhealthy ContainerdUnhealthy DockerUnhealthy KubeProxyUnhealthy'),
  },
  {
    components: ['network-custom-plugin-monitor'],
    gapSeconds: null,
    normal: words('NoFrequentUnregisterNetDevice'),
    warning: words('ConntrackFull DNSUnreachable FrequentUnregisterNetDevice'),
  },
  {
    components: ['ntp-custom-plugin-monitor'],
    gapSeconds: null,
    normal: words('NTPIsUp'),
    warning: words('NTPIsDown'),
  },
  {
    components: ['iptables-mode-monitor'],
    gapSeconds: null,
    normal: [],
    warning: words('IPTablesVersionsMismatch'),
  },
  {
    components: ['windows-containerd-monitor', 'windows-defender-monitor'],
    gapSeconds: null,
    normal: [],
    warning: words(`
      ContainerCreationFailed CorruptContainerImageLayer HCSEmptyLayerchain WindowsDefenderThreatsDetected`),
  },
  {
    components: [
      'cert-manager-certificates-issuing',
      'cert-manager-certificates-trigger',
      'cert-manager-challenges',
      'cert-manager-issuers',
      'cert-manager-clusterissuers',
      'cert-manager-orders',
    ],
    gapSeconds: null,
    normal: words(`
      Issuing Generated Requested Reused CertificateIssued OrderCreated OrderPending Created Complete Solver
      Started Presented DomainVerified Approved CreateCertificate UpdateCertificate DeleteCertificate
      ACMEAccountRegistered KeyPairVerified WaitingForApproval`),
    warning: words(`
      Failed CannotRegenerateKey DecodeFailed RequestFailed PresentError CleanUpError IssuerNotFound
      IssuerNotReady SigningError OrderFailed BadConfig ErrInitIssuer ErrVerifyACMEAccount
      ErrRegisterACMEAccount ErrGetKeyPair ErrInvalidKeyPair`),
  },
]
