import { stringify } from 'yaml'
import { formatConfigErrors } from '../config/config-error.ts'
import type { Environment } from '../config/expand-env.ts'
import { loadConfig } from '../config/load.ts'
import { accessObjects, accessScopes } from '../enrich/access-objects.ts'
import type { LoadRequest } from './argv.ts'
import type { ExitCode, Output } from './output.ts'

export type RbacFlags = {
  readonly load: LoadRequest
  /** Of the ServiceAccount; '' = none is written, for kustomize to fill in. */
  readonly namespace: string
  readonly serviceAccount: string
}

/** `rbac`: prints them as YAML. 0: done, also when nothing is needed; 2: the configuration is wrong. */
export const rbac = ({ load, ...subject }: RbacFlags, environment: Environment, output: Output): ExitCode => {
  const loaded = loadConfig({ ...load, environment })
  if (loaded.kind === 'invalid') {
    output.err(formatConfigErrors(loaded.errors))
    return 2
  }
  const objects = accessScopes(loaded.config.scrapeConfigs).flatMap((scope) => accessObjects(scope, subject))
  if (objects.length === 0) output.err('enrich is not configured: no permission is needed beyond events\n')
  output.out(objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n'))
  return 0
}
