const MAX_CHARS = 200

/** One printable line of at most `maxChars`. */
export const oneLine = (text: string, maxChars: number = MAX_CHARS): string => {
  const line = text
    .slice(0, 4 * maxChars)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .toWellFormed()
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1)}…`
}

const FILE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'too many symbolic links',
  ENOSPC: 'no space left on the device',
  EROFS: 'read-only file system',
  EIO: 'input/output error',
}

/** The `code` of a Node error; '' for anything else. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Why an operation on a file failed, in words; the path is not repeated. */
export const reasonOf = (error: unknown): string => {
  const code = codeOf(error)
  const known = Object.hasOwn(FILE_REASONS, code) ? FILE_REASONS[code] : undefined
  return known ?? (code !== '' ? code : 'unreadable')
}

/**
 * Why a connection or request failed: the innermost cause, with its code. Node's and undici's messages hold addresses,
 * never headers.
 */
export const transportReason = (error: unknown): string => {
  let cause = error
  for (let depth = 0; depth < 4 && cause instanceof Error; depth += 1) {
    const inner: unknown = cause instanceof AggregateError ? cause.errors[0] : cause.cause
    if (!(inner instanceof Error)) break
    cause = inner
  }
  if (!(cause instanceof Error)) return 'unknown error'
  const code = codeOf(cause)
  const message = oneLine(cause.message)
  if (code === '' || message.includes(code)) return message !== '' ? message : cause.name
  return message === '' ? code : `${message} (${code})`
}
