import { define } from './define.ts'
import { TemplateFailure, type TemplateFunctions } from './functions.ts'
import { parseConstraints, parseVersion, type Version } from './semver.ts'
import type { StructValue, TemplateValue } from './values.ts'

const versionOf = (text: string): Version => {
  const version = parseVersion(text)
  if (version === null) throw new TemplateFailure('Invalid Semantic Version')
  return version
}

const unsigned = (value: bigint): TemplateValue => ({ kind: 'integer', type: 'uint64', value })

const structOf = (version: Version): StructValue => {
  const { major, minor, patch, prerelease, metadata, text } = version
  const suffix = (prerelease === '' ? '' : `-${prerelease}`) + (metadata === '' ? '' : `+${metadata}`)
  return {
    kind: 'struct',
    type: '*semver.Version',
    text: `${major}.${minor}.${patch}${suffix}`,
    fields: new Map<string, TemplateValue>([
      ['Major', unsigned(major)],
      ['Minor', unsigned(minor)],
      ['Patch', unsigned(patch)],
      ['Prerelease', prerelease],
      ['Metadata', metadata],
      ['Original', text],
      ['String', `${major}.${minor}.${patch}${suffix}`],
    ]),
  }
}

/** Longer texts are no versions. */
const MAX_LENGTH = 256

const satisfies = (constraint: string, text: string): boolean => {
  const test = constraint.length > MAX_LENGTH ? null : parseConstraints(constraint)
  if (test === null) throw new TemplateFailure(`improper constraint: ${constraint}`)
  return test(versionOf(text))
}

/** sprig's functions on semantic versions. */
export const semverFunctions: TemplateFunctions = {
  semver: define(['string'], ([text]) => structOf(versionOf(text))),
  semverCompare: define(['string', 'string'], ([constraint, text]) => satisfies(constraint, text)),
}
