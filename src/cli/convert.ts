import { readFileSync } from 'node:fs'
import { convertAlloy } from '../convert/alloy.ts'
import { convertExporter } from '../convert/exporter.ts'
import { formatFindings, type Conversion } from '../convert/finding.ts'
import { convertPromtail } from '../convert/promtail.ts'
import { hasMarks } from '../convert/references.ts'
import type { ConvertFlags } from './convert-flags.ts'
import type { ExitCode, Output } from './output.ts'
import { printable } from './printable.ts'

const MAX_FILE_BYTES = 1024 * 1024

const read = (file: string): { readonly text: string } | { readonly why: string } => {
  try {
    const bytes = readFileSync(file)
    if (bytes.length > MAX_FILE_BYTES) return { why: `expected at most ${MAX_FILE_BYTES} bytes, got ${bytes.length}` }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.includes('\0') || hasMarks(text) ? { why: 'expected text, got characters that are none' } : { text }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { why: `cannot be read: ${error.message}` }
  }
}

const converted = (text: string, { from, job, receiver }: ConvertFlags): Conversion => {
  switch (from) {
    case 'promtail':
      return convertPromtail(text, { job })
    case 'alloy':
      return convertAlloy(text, { receiver })
    case 'event-exporter':
      return convertExporter(text, { receiver })
  }
}

/**
 * `convert`: the new file to `out`, what there is to say about it to `err`. 0: everything was converted; 1: something is
 * left out; 2: the file cannot be read.
 */
export const convert = (flags: ConvertFlags, output: Output): ExitCode => {
  const source = read(flags.file)
  if ('why' in source) {
    output.err(`${flags.file}: ${source.why}\n`)
    return 2
  }
  const conversion = converted(source.text, flags)
  if (conversion.kind === 'unreadable') {
    const { line, why } = conversion
    output.err(`${line === 0 ? flags.file : `${flags.file}:${line}`}: ${printable(why)}\n`)
    return 2
  }
  output.out(conversion.text)
  for (const line of formatFindings(flags.file, conversion.findings)) output.err(`${printable(line)}\n`)
  return conversion.findings.some(({ leftOut }) => leftOut) ? 1 : 0
}
