import { readFile } from 'node:fs/promises'
import type { Secret } from './client-options.ts'

/** A secret's present text. `why` names the file and the system's error code, never a content. */
export type SecretText =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'unreadable'; readonly why: string }

/** Larger files are no secret but a mistake. */
const MAX_SECRET_BYTES = 1024 * 1024

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'

const readSecretFile = async (path: string): Promise<SecretText> => {
  try {
    const bytes = await readFile(path)
    if (bytes.length > MAX_SECRET_BYTES) return { kind: 'unreadable', why: `${path}: larger than 1 MiB` }
    return { kind: 'text', text: bytes.toString('utf8').trim() }
  } catch (error) {
    return { kind: 'unreadable', why: `${path}: ${codeOf(error)}` }
  }
}

/**
 * The secret as it is now, without white space around it (as Prometheus' client trims its files). A file is read each
 * time: a push every 50 ms at most is not worth a cache that can be stale.
 */
export const readSecret = (secret: Secret): Promise<SecretText> =>
  secret.kind === 'inline' ? Promise.resolve({ kind: 'text', text: secret.value }) : readSecretFile(secret.path)

/** Text without any of the secrets, for messages. Very short ones are left: they would blacken everything. */
export const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((clean, secret) => (secret.length < 4 ? clean : clean.replaceAll(secret, '<secret>')), text)
