import { refuse } from './define.ts'
import { hashFunctions } from './encoding-functions.ts'
import type { TemplateFunctions } from './functions.ts'
import { randomFunctions } from './random-functions.ts'
import { sprigFunctions } from './sprig-functions.ts'
import { goStringFunctions } from './text-functions.ts'

const refused = (names: readonly string[], why: string): TemplateFunctions =>
  Object.fromEntries(names.map((name) => [name, refuse(why)]))

/** What a stage must not reach, though sprig would let it. */
const refusedFunctions: TemplateFunctions = {
  ...refused(['env', 'expandenv'], 'a template must not read the environment, where secrets are'),
  ...refused(['getHostByName'], 'a template must not reach the network'),
  ...refused(
    [
      'bcrypt',
      'htpasswd',
      'derivePassword',
      'genPrivateKey',
      'genCA',
      'genCAWithKey',
      'genSelfSignedCert',
      'genSelfSignedCertWithKey',
      'genSignedCert',
      'genSignedCertWithKey',
      'buildCustomCert',
      'encryptAES',
      'decryptAES',
      'randBytes',
    ],
    'a template must not make keys or passwords',
  ),
}

/**
 * The functions of Promtail's template and replace stages: all of sprig but what is refused, and Promtail's own on top
 * (clients/pkg/logentry/stages/template.go).
 */
export const promtailFunctions: TemplateFunctions = {
  ...sprigFunctions,
  ...randomFunctions,
  ...refusedFunctions,
  ...goStringFunctions,
  ...hashFunctions,
}
