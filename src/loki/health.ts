import type { Log } from '../log.ts'
import type { PushAnswer, Verdict } from './classify.ts'

type Trouble = { readonly kind: string; readonly why: string; readonly isMisconfigured: boolean }

/** Characters of a server's text in one of our log lines. */
const MAX_TEXT_LENGTH = 200

/** The first line of a server's text. */
const firstLine = (text: string): string => (text.split('\n', 1)[0] ?? '').slice(0, MAX_TEXT_LENGTH)

/** An answer as a log may show it. */
export const factsOf = (answer: PushAnswer): { readonly status: number | string; readonly text: string } =>
  answer.kind === 'answered'
    ? { status: answer.status, text: firstLine(answer.text) }
    : { status: 'none', text: firstLine(answer.why) }

/** Which tenants have trouble, in the log when it begins, changes or ends, and as the client's readiness. */
export class Health {
  readonly #log: Log
  readonly #troubles = new Map<string, Trouble>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Pushes are refused because of a setting; said each time. */
  misconfigured(tenant: string, setting: string, answer: PushAnswer): void {
    const { status, text } = factsOf(answer)
    const why = `Loki refuses pushes because of ${setting} (status ${status})`
    this.#troubles.set(tenant, { kind: `misconfigured ${setting}`, why, isMisconfigured: true })
    this.#log.error('Loki refuses pushes: check the setting', { setting, status, answer: text, tenant })
  }

  /** A failure that time may heal; said when its kind changes. */
  failing(tenant: string, verdict: Verdict & { readonly kind: 'retry' }, answer: PushAnswer): void {
    const { status, text } = factsOf(answer)
    const kind = `${verdict.cause} ${status}`
    if (this.#troubles.get(tenant)?.kind === kind) return
    this.#troubles.set(tenant, { kind, why: `pushes fail: ${kind}`, isMisconfigured: false })
    this.#log.warn('push failed, trying again', { cause: verdict.cause, status, answer: text, tenant })
  }

  /** A 400 in unknown words. It may stand for one entry, or for something between us and Loki. */
  unrecognised(tenant: string, answer: PushAnswer): void {
    const { status, text } = factsOf(answer)
    const why = `pushes are refused for a reason not known (status ${status})`
    this.#troubles.set(tenant, { kind: 'unrecognised', why, isMisconfigured: true })
    this.#log.warn('push refused in unknown words', { status, answer: text, tenant })
  }

  /** Loki answered a push of this tenant as it should. */
  well(tenant: string): void {
    if (this.#troubles.delete(tenant)) this.#log.info('pushes succeed again', { tenant })
  }

  /** The tenant has nothing to send any more. */
  forget(tenant: string): void {
    this.#troubles.delete(tenant)
  }

  readiness(): { readonly ready: boolean; readonly why: string } {
    for (const trouble of this.#troubles.values()) {
      if (trouble.isMisconfigured) return { ready: false, why: trouble.why }
    }
    return { ready: true, why: '' }
  }
}
