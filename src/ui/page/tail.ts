import type { PageLine } from '../page-query.ts'

export type TailEvents = {
  readonly lines: (lines: readonly PageLine[]) => void
  /** `why`: '' when it was ended from here. */
  readonly ended: (why: string) => void
}

/** Follows a query for lines. @returns how to end it */
export const startTail = (query: string, { lines, ended }: TailEvents): (() => void) => {
  const address = new URL(`/api/tail?${new URLSearchParams({ query }).toString()}`, location.href)
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(address)
  let isOver = false
  const end = (why: string): void => {
    if (isOver) return
    isOver = true
    socket.close()
    ended(why)
  }
  socket.addEventListener('message', ({ data }) => {
    if (!isOver) lines((JSON.parse(String(data)) as { readonly lines: readonly PageLine[] }).lines)
  })
  socket.addEventListener('close', ({ reason }) => {
    end(reason || 'Loki ended the tail.')
  })
  return () => {
    end('')
  }
}
