import { meant, type Meaning, reasons } from './meaning.ts'

const NODE = ['kind="Node"']
const NODE_WARNING = ['kind="Node"', 'type="Warning"']

/** Nodes, and what else is outside of pods. */
export const NODES_AND_OTHERS: readonly Meaning[] = [
  meant(
    'Nodes not ready',
    'Nodes that became not ready, as kubelet and node controller tell it (each once). Type Normal. Of all namespaces.',
    { matchers: NODE, lines: '|= "NodeNotReady"', labels: '| reason="NodeNotReady"' },
    ['KubeEventNodeNotReady', 'KubeEventNodeFlapping'],
  ),
  meant(
    'Node pressure',
    'Nodes short of memory, disk or PIDs. Mostly type Normal. Of all namespaces.',
    {
      matchers: NODE,
      lines: '|~ "NodeHasDiskPressure|NodeHasInsufficient|EvictionThresholdMet"',
      labels: reasons(
        'NodeHasDiskPressure',
        'NodeHasInsufficientMemory',
        'NodeHasInsufficientPID',
        'EvictionThresholdMet',
      ),
    },
    ['KubeEventNodePressure'],
  ),
  meant(
    'OOM kills',
    'Processes that the kernel of a node killed for lack of memory. The kubelet tells it only when the whole machine is out of memory (SystemOOM); a container that reaches its own limit is told by node-problem-detector alone (OOMKilling), where it runs.',
    { matchers: NODE_WARNING, lines: '|~ "SystemOOM|OOMKilling"', labels: reasons('SystemOOM', 'OOMKilling') },
    ['KubeEventSystemOOM', 'KubeEventOOMKilling'],
  ),
  meant(
    'Node problems',
    'File system, kernel, hardware and runtime problems found by node-problem-detector. One that is over has type Normal and is not in it.',
    {
      matchers: NODE_WARNING,
      lines:
        '|~ "ReadOnly|Ext4Error|IOError|XfsHasShutdown|DiskBadBlock|KernelOops|TaskHung|UnregisterNetDevice|MemoryReadError|CperHardwareError|Unhealthy|DockerHung|Restart|CorruptDockerOverlay2|ConntrackFull|DNSUnreachable|NTPIsDown"',
      labels: reasons(
        'FilesystemIsReadOnly',
        'Ext4Error',
        'IOError',
        'XfsHasShutdown',
        'DiskBadBlock',
        'KernelOops',
        'TaskHung',
        'UnregisterNetDevice',
        'FrequentUnregisterNetDevice',
        'MemoryReadError',
        'CperHardwareErrorRecoverable',
        'CperHardwareErrorFatal',
        'KubeletUnhealthy',
        'ContainerdUnhealthy',
        'DockerUnhealthy',
        'KubeProxyUnhealthy',
        'DockerHung',
        'FrequentKubeletRestart',
        'FrequentContainerdRestart',
        'FrequentDockerRestart',
        'CorruptDockerOverlay2',
        'ConntrackFull',
        'DNSUnreachable',
        'NTPIsDown',
      ),
    },
    ['KubeEventNodeFilesystemProblem', 'KubeEventNodeKernelProblem', 'KubeEventNodeRuntimeProblem'],
  ),
  meant(
    'Nodes rebooted',
    'Nodes that came back with another boot id.',
    { matchers: NODE, lines: '|= "Rebooted"', labels: '| reason="Rebooted"' },
    ['KubeEventNodeRebooted'],
  ),
  meant(
    'Load balancers',
    'Services whose load balancer the cloud controller could not bring up to date.',
    {
      matchers: ['kind="Service"', 'type="Warning"'],
      lines: '|= "LoadBalancer"',
      labels: reasons(
        'SyncLoadBalancerFailed',
        'UnAvailableLoadBalancer',
        'UpdateLoadBalancerFailed',
        'DeleteLoadBalancerFailed',
      ),
    },
    ['KubeEventLoadBalancerFailed'],
  ),
  meant(
    'CronJob misses',
    'CronJobs that did not start when they should have, or whose schedule cannot be read.',
    {
      matchers: ['kind="CronJob"', 'type="Warning"'],
      lines: '|~ "Miss|NeedsStart|Schedule|UnknownTimeZone"',
      labels: reasons(
        'MissSchedule',
        'TooManyMissedTimes',
        'FailedNeedsStart',
        'InvalidSchedule',
        'UnparseableSchedule',
        'UnsupportedSchedule',
        'UnknownTimeZone',
      ),
    },
    ['KubeEventCronJobMissed'],
  ),
  meant(
    'Certificates',
    'Certificates that cert-manager could not issue or renew.',
    {
      matchers: ['kind=~"Certificate|CertificateRequest|Order|Challenge"', 'type="Warning"'],
      lines: '|~ "Failed|Error|NotFound|NotReady|BadConfig|CannotRegenerateKey"',
      labels: `| component=~"^cert-manager.*$" ${reasons(
        'Failed',
        'RequestFailed',
        'OrderFailed',
        'PresentError',
        'DecodeFailed',
        'SigningError',
        'IssuerNotFound',
        'IssuerNotReady',
        'BadConfig',
        'CannotRegenerateKey',
      )}`,
    },
    ['KubeEventCertificateNotIssued'],
  ),
]
