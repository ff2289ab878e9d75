import { meant, type Meaning, reasons } from './meaning.ts'

const POD = ['kind="Pod"']

/** Containers and their pods. */
export const CONTAINERS: readonly Meaning[] = [
  meant(
    'Crash loops',
    'The kubelet waits before it restarts a container that keeps ending. Back-off from pulling an image has the same reason and is not in it.',
    { lines: '|= "restarting failed container"', labels: '| reason="BackOff"' },
    ['KubeEventContainerCrashLooping'],
  ),
  meant(
    'Image pulls',
    'Images that could not be pulled, or not looked at; with the back-off, which has type Normal.',
    {
      matchers: POD,
      lines: '|~ "pull(ing)? image|ErrImage|ImagePullBackOff|ImageInspectError|InvalidImageName|InspectFailed"',
      labels: reasons('Failed', 'BackOff', 'ErrImageNeverPull', 'InspectFailed'),
    },
    ['KubeEventImagePullFailing'],
  ),
  meant(
    'Start failures',
    'Containers that could not be created or started, for another reason than their image.',
    {
      lines: '|~ "Failed" !~ "pull(ing)? image|ErrImage|ImagePullBackOff|ImageInspectError|InvalidImageName"',
      labels: reasons('Failed', 'FailedCreatePodContainer', 'FailedPostStartHook'),
    },
    ['KubeEventContainerStartFailed'],
  ),
  meant(
    'Pod sandboxes',
    'The kubelet could not make the sandbox of a pod; mostly its network.',
    {
      lines: '|~ "Sand[Bb]ox|NetworkNotReady"',
      labels: reasons('FailedCreatePodSandBox', 'FailedPodSandBoxStatus', 'NetworkNotReady'),
    },
    ['KubeEventPodSandboxFailed'],
  ),
  meant(
    'Liveness fails',
    'Liveness probes that failed. Whether a container was killed for it is in "Killed by probe".',
    { lines: '|= "Liveness probe"', labels: '| reason="Unhealthy"' },
    [],
  ),
  meant(
    'Startup fails',
    'Startup probes that failed.',
    { lines: '|= "Startup probe"', labels: '| reason="Unhealthy"' },
    [],
  ),
  meant(
    'Readiness fails',
    'Readiness probes that failed: such a pod gets no traffic from Services.',
    { lines: '|= "Readiness probe"', labels: '| reason="Unhealthy"' },
    ['KubeEventReadinessProbeFailing'],
  ),
  meant(
    'Killed by probe',
    'Containers that the kubelet restarts because of a liveness or startup probe. Type Normal. "Killing" is also written when a container is stopped as it should be, which is not in it.',
    { matchers: POD, lines: '|~ "failed (liveness|startup) probe"', labels: '| reason="Killing"' },
    ['KubeEventLivenessProbeKilling'],
  ),
]
