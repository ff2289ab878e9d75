/** Reasons written by the same components with the same recorder. */
export type ReasonSource = {
  readonly components: readonly string[]
  readonly normal: readonly string[]
  readonly warning: readonly string[]
  /** Longest time between two revisions while a state lasts; null: told once. */
  readonly gapSeconds: number | null
  /** Those of the reasons that are told once for each change, whatever the others do. */
  readonly once?: readonly string[]
}

/** Burst 25, then one event in 300 s for each object: client-go tools/record/events_cache.go. */
export const LEGACY_RECORDER_SECONDS = 300
/** A series is written again every 30 min: client-go tools/events/event_broadcaster.go, `refreshTime`. */
const SERIES_RECORDER_SECONDS = 1800
/** Controllers try again at most this late: client-go util/workqueue, `DefaultControllerRateLimiter`. */
const RETRY_SECONDS = 1000

/** The words of a text that is separated by white space. */
export const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/**
 * Of Kubernetes' own components: pkg/kubelet/events/event.go, pkg/kubelet/lifecycle, pkg/scheduler, pkg/controller,
 * k8s.io/cloud-provider, and the storage sidecars (sig-storage-lib-external-provisioner, external-resizer).
 */
export const KUBERNETES_REASON_SOURCES: readonly ReasonSource[] = [
  {
    components: ['kubelet'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words(`
      Created Started Killing BackOff Pulling Pulled SandboxChanged VolumeResizeSuccessful
      FileSystemResizeSuccessful AlreadyMountedVolume SuccessfulMountVolume SuccessfulUnMountVolume
      AllocatedAlignedResources ResizeStarted ResizeCompleted ResizeDeferred Starting NodeReady NodeNotReady
      NodeSchedulable NodeNotSchedulable NodeHasDiskPressure NodeHasNoDiskPressure NodeHasInsufficientMemory
      NodeHasSufficientMemory NodeHasInsufficientPID NodeHasSufficientPID NodeAllocatableEnforced Shutdown
      NodeShutdown`),
    warning: words(`
      Failed BackOff Preempting ExceededGracePeriod FailedKillPod FailedCreatePodContainer NetworkNotReady
      InspectFailed ErrImageNeverPull Unhealthy ProbeWarning FailedSync FailedValidation FailedPostStartHook
      FailedPreStopHook FailedCreatePodSandBox FailedPodSandBoxStatus FailedMount FailedMapVolume FailedUnMount
      FailedUnmapDevice FailedMountOnFilesystemMismatch VolumeResizeFailed FileSystemResizeFailed
      FailedPrepareDynamicResources FailedAllocationCPU FailedAllocationMemory FailedAllocationDevice
      FailedToRetrieveImagePullSecret Evicted MissingClusterDNS DNSConfigForming HostPortConflict
      FailedDetachVolume NodeAffinity OutOfcpu OutOfmemory OutOfpods UnexpectedAdmissionError
      TopologyAffinityError NodeShutdown ResizeError ResizeInfeasible Rebooted ContainerGCFailed ImageGCFailed
      InvalidDiskCapacity FreeDiskSpaceFailed FailedNodeAllocatableEnforcement KubeletSetupFailed
      EvictionThresholdMet SystemOOM CgroupV1 PossibleMemoryBackedVolumesOnDisk`),
    once: words(`
      NodeReady NodeNotReady NodeSchedulable NodeNotSchedulable NodeHasDiskPressure NodeHasNoDiskPressure
      NodeHasInsufficientMemory NodeHasSufficientMemory NodeHasInsufficientPID NodeHasSufficientPID Rebooted
      Evicted Preempting Starting Shutdown NodeShutdown`),
  },
  {
    components: ['default-scheduler'],
    gapSeconds: SERIES_RECORDER_SECONDS,
    normal: words('Scheduled Preempted WaitingForGates LeaderElection'),
    warning: words('FailedScheduling'),
    once: words('Scheduled Preempted LeaderElection'),
  },
  {
    components: ['deployment-controller'],
    gapSeconds: RETRY_SECONDS,
    normal: words('ScalingReplicaSet DeploymentRollback'),
    warning: words(`
      ReplicaSetCreateError SelectingAll DeploymentRollbackRevisionNotFound DeploymentRollbackTemplateUnchanged`),
  },
  {
    components: ['replicaset-controller', 'replication-controller'],
    gapSeconds: RETRY_SECONDS,
    normal: words('SuccessfulCreate SuccessfulDelete'),
    warning: words('FailedCreate FailedDelete SelectorOverlap'),
  },
  {
    components: ['statefulset-controller'],
    gapSeconds: RETRY_SECONDS,
    normal: words('SuccessfulCreate SuccessfulDelete SuccessfulUpdate RecreatingTerminatedPod'),
    warning: words('FailedCreate FailedDelete FailedUpdate RecreatingFailedPod'),
  },
  {
    components: ['daemonset-controller'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words('SuccessfulCreate SuccessfulDelete SucceededDaemonPod'),
    warning: words('FailedCreate FailedDelete SelectingAll FailedPlacement FailedDaemonPod'),
  },
  {
    components: ['job-controller'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words(`
      SuccessfulCreate SuccessfulDelete Completed SuccessCriteriaMet SuccessPolicy Suspended Resumed`),
    warning: words(`
      FailedCreate FailedDelete BackoffLimitExceeded DeadlineExceeded PodFailurePolicy MaxFailedIndexesExceeded
      FailedIndexes TooManyActivePods TooManySucceededPods`),
    once: words(`
      Completed SuccessCriteriaMet SuccessPolicy Suspended Resumed BackoffLimitExceeded DeadlineExceeded
      PodFailurePolicy MaxFailedIndexesExceeded FailedIndexes`),
  },
  {
    components: ['cronjob-controller'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words('SuccessfulCreate SuccessfulDelete SawCompletedJob MissingJob JobAlreadyActive'),
    warning: words(`
      UnexpectedJob MissSchedule TooManyMissedTimes FailedNeedsStart UnknownTimeZone UnparseableSchedule
      InvalidSchedule UnsupportedSchedule FailedGet FailedCreate FailedDelete`),
    once: words('SawCompletedJob MissingJob MissSchedule'),
  },
  {
    components: ['horizontal-pod-autoscaler'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words('SuccessfulRescale'),
    warning: words(`
      FailedRescale FailedGetScale FailedComputeMetricsReplicas FailedGetResourceMetric
      FailedGetContainerResourceMetric FailedGetPodsMetric FailedGetObjectMetric FailedGetExternalMetric
      InvalidSelector SelectorRequired AmbiguousSelector InvalidMetricSourceType FailedConvertHPA
      FailedUpdateStatus`),
  },
  {
    components: ['node-controller', 'node-lifecycle-controller'],
    gapSeconds: null,
    normal: words(`
      NodeNotReady DeletingAllPods RegisteredNode RemovingNode NodeControllerEviction TerminatingEvictedPod
      CIDRNotAvailable`),
    warning: words('NodeNotReady NodeControllerEviction'),
  },
  {
    components: ['taint-controller', 'taint-eviction-controller'],
    gapSeconds: null,
    normal: words('TaintManagerEviction'),
    warning: [],
  },
  {
    components: ['persistentvolume-controller', 'pvc-protection-controller'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words(`
      FailedBinding VolumeRecycled RecyclerPod VolumeDelete ExternalProvisioning Provisioning
      ProvisioningSucceeded WaitForFirstConsumer WaitForPodScheduled`),
    warning: words(`
      VolumeMismatch VolumeFailedRecycle VolumeFailedDelete ProvisioningFailed ProvisioningCleanupFailed
      ClaimLost ClaimMisbound VolumeBindingFailed`),
  },
  {
    components: ['attachdetach-controller'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words('SuccessfulAttachVolume'),
    warning: words('FailedAttachVolume'),
    once: words('SuccessfulAttachVolume FailedAttachVolume'),
  },
  {
    components: ['external-provisioner', 'external-resizer', 'volume_expand'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words(`
      Provisioning ProvisioningSucceeded ExternalExpanding Resizing VolumeResizeSuccessful
      FileSystemResizeRequired`),
    warning: words('ProvisioningFailed ExternalExpanding VolumeResizeFailed VolumeFailedDelete'),
  },
  {
    components: ['service-controller'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words(`
      EnsuringLoadBalancer EnsuredLoadBalancer DeletingLoadBalancer DeletedLoadBalancer UpdatedLoadBalancer
      LoadBalancerSourceRanges ExternalTrafficPolicy Type`),
    warning: words(`
      SyncLoadBalancerFailed UnAvailableLoadBalancer UpdateLoadBalancerFailed DeleteLoadBalancerFailed`),
  },
  {
    components: ['cloud-node-controller', 'cloud-node-lifecycle-controller'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words('DeletingNode Synced NodeShutdown'),
    warning: words('DeletingNodeFailed FailedToFindNode'),
  },
  {
    components: ['route_controller'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: [],
    warning: words('FailedToCreateRoute'),
  },
  {
    components: ['endpoint-controller', 'endpoint-slice-controller', 'endpoint-slice-mirroring-controller'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: [],
    warning: words(`
      FailedToCreateEndpoint FailedToUpdateEndpoint FailedToUpdateEndpointSlices TopologyAwareHintsEnabled
      TopologyAwareHintsDisabled`),
  },
  {
    components: ['controllermanager', 'disruption-budget-manager', 'kube-controller-manager', 'namespace-controller'],
    gapSeconds: LEGACY_RECORDER_SECONDS,
    normal: words('NoPods LeaderElection'),
    warning: words(`
      NoPods CalculateExpectedPodCountFailed UnmanagedPods NoControllers DeletingNamespaceFailed`),
    once: words('LeaderElection'),
  },
]
