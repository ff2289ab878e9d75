import type { Clock } from '../clock.ts'
import { type KubeStream, KubeStreamError, type StreamLine } from './client.ts'
import type { Body, Deadline } from './exchange.ts'
import { LineSplitter } from './line-splitter.ts'

/** An open watch over the body of an answer. Closed by its own side, the iteration ends like a clean EOF. */
export class HttpStream implements KubeStream {
  readonly chunks: AsyncIterable<readonly StreamLine[]>
  readonly #body: Body
  readonly #deadline: Deadline
  readonly #clock: Clock
  #lastByteAtMs: number
  #closed = false

  constructor(body: Body, deadline: Deadline, clock: Clock, maxBytes: number) {
    this.#body = body
    this.#deadline = deadline
    this.#clock = clock
    this.#lastByteAtMs = clock.monotonicMs()
    this.chunks = this.#read(new LineSplitter(maxBytes))
  }

  lastByteAtMs(): number {
    return this.#lastByteAtMs
  }

  close(): void {
    this.#closed = true
    this.#deadline.release()
    this.#body.destroy()
  }

  async *#read(splitter: LineSplitter): AsyncGenerator<readonly StreamLine[], void, undefined> {
    try {
      // The body buffers 64 KiB and then stops reading its socket, until it is asked again.
      for await (const chunk of this.#body as AsyncIterable<Uint8Array>) {
        this.#lastByteAtMs = this.#clock.monotonicMs()
        const lines = splitter.push(chunk)
        if (lines.length > 0) yield lines
      }
    } catch (error) {
      if (this.#closed) return
      const failure = this.#deadline.explain(error)
      throw new KubeStreamError(failure.kind === 'transport' ? failure.why : failure.kind)
    } finally {
      this.close()
    }
  }
}
