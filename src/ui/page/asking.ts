import type { PageQuery, PageResult } from '../page-query.ts'

type Question = Omit<PageQuery, 'id'>

/** Asks the server of this page. An answer that is none of its own rejects with a text for the user. */
export const askJson = async <T>(path: string): Promise<T> => {
  const response = await fetch(path)
  const json = (await response.json()) as T & { readonly error?: string }
  if (!response.ok) throw new Error(json.error ?? `${response.status} ${response.statusText}`)
  return json
}

type Line = PageResult & { readonly id: number }

const readLines = async (body: ReadableStream<Uint8Array>, take: (line: Line) => void): Promise<void> => {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(JSON.parse(line) as Line)
  }
}

/**
 * Asks several queries at once and gives each answer as it comes; `fresh`: nothing that the server remembers. A query that
 * gets no answer is given an error. Ends quietly when `stop` aborts.
 */
export const askQueries = async (
  questions: readonly Question[],
  take: (at: number, result: PageResult) => void,
  { fresh, stop }: { readonly fresh: boolean; readonly stop: AbortSignal },
): Promise<void> => {
  if (questions.length === 0) return
  const open = new Set(questions.keys())
  let why = 'the server ended the answer'
  try {
    const body = JSON.stringify({ fresh, queries: questions.map((question, id) => ({ id, ...question })) })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch('/api/query', { method: 'POST', headers, body, signal: stop })
    if (!response.ok || response.body === null) why = (await response.text()).trim()
    else {
      await readLines(response.body, ({ id, ...result }) => {
        open.delete(id)
        take(id, result)
      })
    }
  } catch (error) {
    if (stop.aborted) return
    why = `the server of this page does not answer: ${error instanceof Error ? error.message : String(error)}`
  }
  for (const id of open) take(id, { kind: 'error', message: why, span: null })
}
