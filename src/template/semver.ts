/** A version by semver 2.0; `text` as it was written. */
export type Version = {
  readonly major: bigint
  readonly minor: bigint
  readonly patch: bigint
  readonly prerelease: string
  readonly metadata: string
  readonly text: string
}

const VERSION =
  /^v?(\d{1,18})(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/

/** Missing parts are 0; null: no version. */
export const parseVersion = (text: string): Version | null => {
  const match = VERSION.exec(text)
  if (match === null) return null
  const [, major = '0', minor = '0', patch = '0', prerelease = '', metadata = ''] = match
  return { major: BigInt(major), minor: BigInt(minor), patch: BigInt(patch), prerelease, metadata, text }
}

const compareIdentifiers = (left: string, right: string): number => {
  const [a, b] = [/^\d+$/.test(left), /^\d+$/.test(right)]
  if (a && b) return Number(BigInt(left) > BigInt(right)) - Number(BigInt(left) < BigInt(right))
  if (a !== b) return a ? -1 : 1
  return left < right ? -1 : Number(left > right)
}

const comparePrerelease = (left: string, right: string): number => {
  if (left === right) return 0
  if (left === '' || right === '') return left === '' ? 1 : -1
  const [a, b] = [left.split('.'), right.split('.')]
  for (const [index, part] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    const order = compareIdentifiers(part, other)
    if (order !== 0) return order
  }
  return a.length < b.length ? -1 : 0
}

export const compareVersions = (left: Version, right: Version): number => {
  for (const part of ['major', 'minor', 'patch'] as const) {
    if (left[part] !== right[part]) return left[part] < right[part] ? -1 : 1
  }
  return comparePrerelease(left.prerelease, right.prerelease)
}

/** One comparison; `given` tells how many parts of the version were written out, 0 for `*`. */
type Constraint = { readonly op: string; readonly version: Version; readonly given: number }

const CONSTRAINT = /^\s*(=|==|!=|>=|=>|<=|=<|>|<|~>|~|\^)?\s*(v?[0-9xX*][^\s,|]*)\s*$/

const parseConstraint = (text: string): Constraint | null => {
  const [, op = '', written = ''] = CONSTRAINT.exec(text) ?? []
  const [core = '', ...suffix] = written.split(/(?=[-+])/)
  const parts = core.replace(/^v/, '').split('.')
  const wild = parts.findIndex((part) => /^[xX*]$/.test(part))
  const given = wild < 0 ? parts.length : wild
  const version = parseVersion(
    [...parts.slice(0, given), ...Array<string>(Math.max(3 - given, 0)).fill('0')].join('.') +
      (wild < 0 ? suffix.join('') : ''),
  )
  return version === null || parts.length > 3 ? null : { op, version, given }
}

const sameUpTo = (left: Version, right: Version, parts: number): boolean =>
  (['major', 'minor', 'patch'] as const).slice(0, parts).every((part) => left[part] === right[part])

/** `^1.2`: nothing changes to the left of the first part that is not 0. */
const caretParts = ({ version, given }: Constraint): number => {
  if (version.major > 0n || given < 2) return 1
  return version.minor > 0n || given < 3 ? 2 : 3
}

const holds = (constraint: Constraint, version: Version): boolean => {
  const { op, version: bound, given } = constraint
  if (version.prerelease !== '' && bound.prerelease === '') return false
  const order = compareVersions(version, bound)
  const partly = given < 3 && sameUpTo(version, bound, given)
  switch (op) {
    case '!=':
      return given < 3 ? !partly : order !== 0
    case '>':
      return order > 0 && !partly
    case '<':
      return order < 0
    case '>=':
    case '=>':
      return order >= 0
    case '<=':
    case '=<':
      return order <= 0 || partly
    case '^':
      return given === 0 || (order >= 0 && sameUpTo(version, bound, caretParts(constraint)))
    case '~':
    case '~>':
      return given === 0 || (order >= 0 && sameUpTo(version, bound, Math.min(given, 2)))
    default:
      return given < 3 ? partly || given === 0 : order === 0
  }
}

/** Comparisons joined by comma or blank must all hold; of the groups between `||` one is enough. Null: no constraint. */
export const parseConstraints = (text: string): ((version: Version) => boolean) | null => {
  const groups = text.split('||').map((group) =>
    group
      .replaceAll(/(\S+)\s+-\s+(\S+)/g, '>=$1, <=$2')
      .replaceAll(/([=<>!~^])\s+/g, '$1')
      .trim()
      .split(/[\s,]+/)
      .map(parseConstraint),
  )
  const known = groups.map((group) => group.filter((constraint) => constraint !== null))
  if (groups.some((group, index) => group.length !== known[index]?.length)) return null
  return (version) => known.some((group) => group.every((constraint) => holds(constraint, version)))
}
