/** Something about a file that was converted. */
export type Finding = {
  /** In the file that was read, from 1; 0: the file as a whole. */
  readonly line: number
  /** The key or component it is about. */
  readonly where: string
  readonly what: string
  /** True: it is not in the new file, and what it did is missing there. False: it is done in another way. */
  readonly leftOut: boolean
}

/** The new file and what there is to say about it; or why there is none. */
export type Conversion =
  | { readonly kind: 'converted'; readonly text: string; readonly findings: readonly Finding[] }
  | { readonly kind: 'unreadable'; readonly line: number; readonly why: string }

/** Takes findings as they come. */
export type Report = (finding: Finding) => void

/** `file:line: where: what`, in the order of the lines, each once; without line breaks. */
export const formatFindings = (file: string, findings: readonly Finding[]): readonly string[] => {
  const sorted = [...findings].sort((a, b) => a.line - b.line)
  const lines = sorted.map(({ line, where, what, leftOut }) => {
    const origin = line === 0 ? file : `${file}:${line}`
    return `${origin}: ${where}: ${leftOut ? 'left out' : 'note'}: ${what}`
  })
  return [...new Set(lines)]
}
