import { meant, type Meaning, reasons } from './meaning.ts'

const POD = ['kind="Pod"']
const WARNING = ['type="Warning"']

/** Pods that do not come to run, or may not stay, and what makes them. */
export const WORKLOADS: readonly Meaning[] = [
  meant(
    'Unschedulable',
    'Pods that no node takes. The scheduler repeats it only every 30 minutes.',
    {
      matchers: POD,
      lines: '|= "FailedScheduling" != "skip schedule deleting pod"',
      labels: '| reason="FailedScheduling"',
    },
    ['KubeEventPodUnschedulable'],
  ),
  meant(
    'Evicted',
    'Pods evicted by a kubelet that is short of something, or because of a taint of their node; without those whose deletion was cancelled.',
    {
      matchers: POD,
      lines: '|~ "Evicted|TaintManagerEviction|NodeControllerEviction" !~ "Cancelling deletion|Evicted pod:"',
      labels: `${reasons('Evicted', 'TaintManagerEviction', 'NodeControllerEviction')} | component!="karpenter"`,
    },
    ['KubeEventPodEvicted'],
  ),
  meant(
    'Preempted',
    'Pods that had to make room for others of a higher priority. Type Normal.',
    { matchers: POD, lines: '|= "Preempt"', labels: reasons('Preempted', 'Preempting') },
    ['KubeEventPodPreempted'],
  ),
  meant(
    'Volumes',
    'Volumes that could not be mounted, attached, provisioned, bound or enlarged.',
    {
      matchers: ['kind=~"Pod|PersistentVolumeClaim"'],
      lines:
        '|~ "FailedMount|FailedMapVolume|FailedAttachVolume|ProvisioningFailed|FailedBinding|VolumeMismatch|ResizeFailed"',
      labels: reasons(
        'FailedMount',
        'FailedMapVolume',
        'FailedMountOnFilesystemMismatch',
        'FailedAttachVolume',
        'ProvisioningFailed',
        'FailedBinding',
        'VolumeMismatch',
        'VolumeResizeFailed',
        'FileSystemResizeFailed',
      ),
    },
    [
      'KubeEventVolumeMountFailed',
      'KubeEventVolumeAttachFailed',
      'KubeEventVolumeProvisioningFailed',
      'KubeEventVolumeResizeFailed',
    ],
  ),
  meant(
    'Quota exceeded',
    'Pods that were not created because a ResourceQuota is used up.',
    { matchers: WARNING, lines: '|= "exceeded quota"', labels: '| reason="FailedCreate"' },
    ['KubeEventQuotaExceeded'],
  ),
  meant(
    'Pods forbidden',
    'Pods that the API server refused: Pod Security, a webhook, or a missing right. Quotas are not in it.',
    {
      matchers: WARNING,
      lines: '|~ "violates PodSecurity|admission webhook|failed calling webhook|is forbidden" != "exceeded quota"',
      labels: reasons('FailedCreate', 'ReplicaSetCreateError'),
    },
    ['KubeEventPodCreationForbidden'],
  ),
  meant(
    'Jobs failed',
    'Jobs that gave up: too many failed pods, or their deadline passed.',
    {
      matchers: ['kind="Job"', 'type="Warning"'],
      lines: '|~ "BackoffLimitExceeded|DeadlineExceeded|PodFailurePolicy|FailedIndexes"',
      labels: reasons(
        'BackoffLimitExceeded',
        'DeadlineExceeded',
        'PodFailurePolicy',
        'MaxFailedIndexesExceeded',
        'FailedIndexes',
      ),
    },
    ['KubeEventJobFailed'],
  ),
  meant(
    'Pod autoscaling',
    'HorizontalPodAutoscalers without usable metrics, or that cannot scale.',
    {
      matchers: ['kind="HorizontalPodAutoscaler"', 'type="Warning"'],
      lines: '|~ "Failed|Invalid"',
      labels: reasons(
        'FailedGetResourceMetric',
        'FailedGetContainerResourceMetric',
        'FailedGetPodsMetric',
        'FailedGetObjectMetric',
        'FailedGetExternalMetric',
        'FailedComputeMetricsReplicas',
        'FailedGetScale',
        'FailedRescale',
        'FailedConvertHPA',
        'FailedUpdateStatus',
        'InvalidSelector',
        'InvalidMetricSourceType',
      ),
    },
    ['KubeEventHPANotScaling'],
  ),
]
