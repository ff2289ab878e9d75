/** A `Status` object, the API server's answer to what it refuses. */
export type ApiStatus = {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: { readonly continue?: string }
  readonly status: 'Failure'
  readonly message: string
  readonly reason?: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly code: number
}

type Extra = { readonly continueToken?: string; readonly details?: Readonly<Record<string, unknown>> }

/** `reason` '' stands for none: what kube-apiserver gives for an error that it does not know. */
export const apiStatus = (code: number, reason: string, message: string, extra: Extra = {}): ApiStatus => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: extra.continueToken === undefined ? {} : { continue: extra.continueToken },
  status: 'Failure',
  message,
  ...(reason === '' ? {} : { reason }),
  ...(extra.details === undefined ? {} : { details: extra.details }),
  code,
})

export const badRequest = (message: string): ApiStatus => apiStatus(400, 'BadRequest', message)

/** 410 in the words of apiserver's etcd3/errors.go, for a LIST at a compacted revision. */
export const expiredList = (): ApiStatus =>
  apiStatus(410, 'Expired', 'The resourceVersion for the provided list is too old.')

/** 410 with a token (revision -1) by which the list can go on inconsistently. */
export const expiredContinue = (continueToken: string): ApiStatus =>
  apiStatus(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list ' +
      'without the continue parameter, or use the continue token in this response to retrieve the remainder of the ' +
      'results. Continuing with the provided token results in an inconsistent list - objects that were created, ' +
      'modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    { continueToken },
  )

/** The object of an ERROR frame that ends a watch from a compacted revision. */
export const expiredWatch = (): ApiStatus =>
  apiStatus(410, 'Expired', 'The resourceVersion for the provided watch is too old.')

/** 500: etcd refuses a read at a revision that does not exist yet. */
export const futureRevision = (): ApiStatus =>
  apiStatus(500, '', 'etcdserver: mvcc: required revision is a future revision')

/** 504: `NotOlderThan` a revision that does not exist yet. */
export const tooLargeRevision = (asked: bigint, current: bigint): ApiStatus =>
  apiStatus(504, 'Timeout', `Too large resource version: ${String(asked)}, current: ${String(current)}`, {
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] },
  })
