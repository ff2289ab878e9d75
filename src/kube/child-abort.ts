/** An abort of its own that also follows its parent; `end` aborts it and lets go of the parent. Idempotent. */
export type ChildAbort = { readonly signal: AbortSignal; end(): void }

/** By hand and not `AbortSignal.any`: a parent that lives as long as the process must not collect children. */
export const childOf = (parent: AbortSignal): ChildAbort => {
  const controller = new AbortController()
  const end = (): void => {
    parent.removeEventListener('abort', end)
    controller.abort()
  }
  if (parent.aborted) end()
  else parent.addEventListener('abort', end, { once: true })
  return { signal: controller.signal, end }
}
