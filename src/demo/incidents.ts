import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { EventStore } from './event-store.ts'
import { Recorder, type Involved, type Occurrence } from './recorder.ts'

export type IncidentOptions = {
  readonly store: EventStore
  readonly clock: Clock
  /** 1 is the pace of a real kubelet. */
  readonly speed: number
  readonly signal: AbortSignal
}

/** Speaks for one kubelet. */
type Scene = {
  readonly wait: (ms: number) => Promise<void>
  readonly ended: () => boolean
  readonly say: (involved: Involved, event: Pick<Occurrence, 'type' | 'reason' | 'message'>) => void
}

/** The kubelet's back-off for containers and images. */
const BACK_OFF_MS = [10_000, 20_000, 40_000, 80_000, 160_000, 300_000]
/** A pod in back-off is looked at again about this often. */
const SYNC_MS = 12_000

const uidOf = (name: string): string => {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const podOf = (namespace: string, name: string): Involved => ({
  kind: 'Pod',
  namespace,
  name,
  uid: uidOf(`${namespace}/${name}`),
  apiVersion: 'v1',
  resourceVersion: '6500',
})

const containerOf = (pod: Involved, container: string): Involved => ({
  ...pod,
  fieldPath: `spec.containers{${container}}`,
})

/** A kubelet's events about its own node carry the node's name as uid. */
const nodeOf = (name: string): Involved => ({ kind: 'Node', name, uid: name, apiVersion: 'v1' })

const startContainer = ({ say }: Scene, container: Involved, name: string, image: string): void => {
  say(container, {
    type: 'Normal',
    reason: 'Pulled',
    message: `Container image "${image}" already present on machine`,
  })
  say(container, { type: 'Normal', reason: 'Created', message: `Created container ${name}` })
  say(container, { type: 'Normal', reason: 'Started', message: `Started container ${name}` })
}

/** Says the same at every sync until the time is over. */
const backOff = async (scene: Scene, ms: number, say: () => void): Promise<void> => {
  for (let leftMs = ms; leftMs > 0 && !scene.ended(); leftMs -= SYNC_MS) {
    say()
    await scene.wait(Math.min(SYNC_MS, leftMs))
  }
}

const crashLoop = async (scene: Scene): Promise<void> => {
  const pod = podOf('checkout', 'ledger-7d9f8b6c5-x2v4q')
  const container = containerOf(pod, 'ledger')
  await scene.wait(1000)
  for (let crash = 0; !scene.ended(); crash += 1) {
    startContainer(scene, container, 'ledger', 'registry.example/ledger:3.2.0')
    await scene.wait(2000)
    await backOff(scene, BACK_OFF_MS[Math.min(crash, BACK_OFF_MS.length - 1)] ?? 0, () => {
      const message = `Back-off restarting failed container ledger in pod ${pod.name}_checkout(${pod.uid})`
      scene.say(container, { type: 'Warning', reason: 'BackOff', message })
    })
  }
}

const imagePull = async (scene: Scene): Promise<void> => {
  const image = 'registry.example/reporter:2.4.l'
  const container = containerOf(podOf('platform', 'reporter-6f5d9c7d4b-7wqzn'), 'reporter')
  const failed = (message: string): void => {
    scene.say(container, { type: 'Warning', reason: 'Failed', message })
  }
  await scene.wait(3000)
  for (let attempt = 0; !scene.ended(); attempt += 1) {
    scene.say(container, { type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` })
    await scene.wait(700)
    failed(
      `Failed to pull image "${image}": rpc error: code = NotFound desc = failed to pull and unpack image ` +
        `"${image}": failed to resolve reference "${image}": ${image}: not found`,
    )
    failed('Error: ErrImagePull')
    await backOff(scene, BACK_OFF_MS[Math.min(attempt, BACK_OFF_MS.length - 1)] ?? 0, () => {
      scene.say(container, { type: 'Normal', reason: 'BackOff', message: `Back-off pulling image "${image}"` })
      failed('Error: ImagePullBackOff')
    })
  }
}

const livenessKill = async (scene: Scene): Promise<void> => {
  const container = containerOf(podOf('checkout', 'gateway-5c8b7f9d6-mk2rt'), 'gateway')
  await scene.wait(2000)
  while (!scene.ended()) {
    for (let failure = 0; failure < 3; failure += 1) {
      scene.say(container, {
        type: 'Warning',
        reason: 'Unhealthy',
        message: 'Liveness probe failed: HTTP probe failed with statuscode: 500',
      })
      if (failure < 2) await scene.wait(5000)
    }
    scene.say(container, {
      type: 'Normal',
      reason: 'Killing',
      message: 'Container gateway failed liveness probe, will be restarted',
    })
    await scene.wait(2000)
    startContainer(scene, container, 'gateway', 'registry.example/gateway:1.19.3')
    await scene.wait(120_000)
  }
}

const eviction = async (scene: Scene): Promise<void> => {
  const node = nodeOf('hollow-3')
  const says = (reason: string): void => {
    scene.say(node, { type: 'Normal', reason, message: `Node hollow-3 status is now: ${reason}` })
  }
  for (let round = 0; !scene.ended(); round += 1) {
    const pod = podOf('ml', `train-${round}-b7kx9`)
    await scene.wait(6000)
    scene.say(node, { type: 'Warning', reason: 'EvictionThresholdMet', message: 'Attempting to reclaim memory' })
    says('NodeHasInsufficientMemory')
    await scene.wait(1000)
    scene.say(pod, {
      type: 'Warning',
      reason: 'Evicted',
      message:
        'The node was low on resource: memory. Threshold quantity: 100Mi, available: 68180Ki. ' +
        'Container trainer was using 3817428Ki, request is 2Gi, has larger consumption of memory. ',
    })
    scene.say(containerOf(pod, 'trainer'), { type: 'Normal', reason: 'Killing', message: 'Stopping container trainer' })
    await scene.wait(300_000)
    says('NodeHasSufficientMemory')
    await scene.wait(300_000)
  }
}

const systemOom = async (scene: Scene): Promise<void> => {
  await scene.wait(4000)
  for (let pid = 31_337; !scene.ended(); pid += 211) {
    scene.say(nodeOf('hollow-1'), {
      type: 'Warning',
      reason: 'SystemOOM',
      message: `System OOM encountered, victim process: java, pid: ${pid}`,
    })
    await scene.wait(420_000)
  }
}

const INCIDENTS = [
  { host: 'hollow-2', play: crashLoop },
  { host: 'hollow-4', play: imagePull },
  { host: 'hollow-2', play: livenessKill },
  { host: 'hollow-3', play: eviction },
  { host: 'hollow-1', play: systemOom },
]

/**
 * What the recording lacks, as kubelets tell it: a crash loop, an image that cannot be pulled, a liveness probe that
 * kills, an eviction, an out-of-memory of a node. Goes on until the signal aborts.
 */
export const playIncidents = async ({ store, clock, speed, signal }: IncidentOptions): Promise<void> => {
  const recorder = new Recorder(store, clock)
  const plays = INCIDENTS.map(({ host, play }) =>
    play({
      wait: (ms) => clock.sleep(ms / speed, signal),
      ended: () => signal.aborted,
      say: (involved, event) => {
        if (!signal.aborted) recorder.record({ ...event, involved, component: 'kubelet', host })
      },
    }),
  )
  await Promise.all(plays)
}
