import { fieldText } from './varint-text.ts'

/** What all pairs of one name begin with. */
export type PairHead = {
  /** The name's field of push.proto's LabelPairAdapter, one character for each byte. */
  readonly field: string
  /** UTF-8 bytes of the name. */
  readonly nameBytes: number
  /** Whether Loki takes it. */
  readonly usable: boolean
}

/** Field 1, length-delimited. */
const NAME = '\x0a'
/** Names come from the configuration mostly; a pipeline may make them of what an event says. */
const MAX_KEPT = 1000

/**
 * Loki answers 500 to the whole push for a metadata name without a letter or digit of ASCII: its OTLP namer makes it
 * only underscores (pkg/distributor, label normalisation).
 */
const isUsableName = (name: string): boolean => /[0-9A-Za-z]/.test(name)

const headOf = (name: string): PairHead => {
  const bytes = Buffer.from(name.toWellFormed())
  return { field: fieldText(NAME, bytes.toString('latin1')), nameBytes: bytes.length, usable: isUsableName(name) }
}

/** Heads by name; the last thousand or so are remembered. */
export const createPairHeads = (): ((name: string) => PairHead) => {
  const kept = new Map<string, PairHead>()
  return (name) => {
    const known = kept.get(name)
    if (known !== undefined) return known
    if (kept.size >= MAX_KEPT) kept.clear()
    const head = headOf(name)
    kept.set(name, head)
    return head
  }
}
