import { Counter, type Registry } from 'prom-client'

/** What a request was for, in Kubernetes' words. */
export type KubeVerb = 'list' | 'watch' | 'get' | 'put'

/** Counts answers by HTTP status; `transport` when there was none. A request ended by its caller is not counted. */
export type KubeRequestMetrics = { count(verb: KubeVerb, code: number | 'transport'): void }

/** Counter `eventail_kube_requests_total{verb,code}`. */
export const createKubeRequestMetrics = (registry: Registry): KubeRequestMetrics => {
  const requests = new Counter({
    name: 'eventail_kube_requests_total',
    help: 'Requests to the Kubernetes API server by verb and HTTP status; transport: no answer came.',
    labelNames: ['verb', 'code'],
    registers: [registry],
  })
  return {
    count: (verb, code) => {
      requests.inc({ verb, code: String(code) })
    },
  }
}
