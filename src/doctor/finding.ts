export type Verdict = 'ok' | 'warn' | 'fail'

/** One thing that was looked at. Texts hold no secret, but may hold what a server said. */
export type Finding = {
  readonly verdict: Verdict
  /** What was looked at: `api server`, `permissions`, `loki <client>`. */
  readonly about: string
  /** One line. */
  readonly says: string
  /** What to do; '' when there is nothing to do. */
  readonly remedy: string
  /** Lines of YAML to add to the manifests or to the configuration; '' for none. */
  readonly yaml: string
}

export const ok = (about: string, says: string): Finding => ({ verdict: 'ok', about, says, remedy: '', yaml: '' })

type Cure = { readonly remedy: string; readonly yaml?: string }

export const warning = (about: string, says: string, { remedy, yaml = '' }: Cure): Finding => ({
  verdict: 'warn',
  about,
  says,
  remedy,
  yaml,
})

export const failure = (about: string, says: string, { remedy, yaml = '' }: Cure): Finding => ({
  verdict: 'fail',
  about,
  says,
  remedy,
  yaml,
})
