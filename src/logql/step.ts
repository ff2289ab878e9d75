import type { EntryLabels } from './entry-labels.ts'

/** A compiled stage. @returns the line, perhaps another; null: the entry is dropped */
export type Step = (line: string, labels: EntryLabels) => string | null
