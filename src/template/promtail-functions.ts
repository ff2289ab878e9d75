import { sprigDateFunctions } from './date-functions.ts'
import { choiceFunctions } from './default-functions.ts'
import { refuse } from './define.ts'
import { encodingFunctions, hashFunctions } from './encoding-functions.ts'
import type { TemplateFunctions } from './functions.ts'
import { jsonFunctions } from './json-functions.ts'
import { listFunctions } from './list-functions.ts'
import { mapFunctions } from './map-functions.ts'
import { moreNumberFunctions } from './more-number-functions.ts'
import { moreTextFunctions } from './more-text-functions.ts'
import { pathFunctions } from './path-functions.ts'
import { randomFunctions } from './random-functions.ts'
import { regexFunctions } from './regex-functions.ts'
import { semverFunctions } from './semver-functions.ts'
import { goStringFunctions, textFunctions } from './text-functions.ts'
import { typeFunctions } from './type-functions.ts'
import { urlFunctions } from './url-functions.ts'

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
  ...textFunctions,
  ...moreTextFunctions,
  ...moreNumberFunctions,
  ...listFunctions,
  ...mapFunctions,
  ...choiceFunctions,
  ...jsonFunctions,
  ...regexFunctions,
  ...sprigDateFunctions,
  ...encodingFunctions,
  ...pathFunctions,
  ...urlFunctions,
  ...semverFunctions,
  ...typeFunctions,
  ...randomFunctions,
  ...refusedFunctions,
  ...goStringFunctions,
  ...hashFunctions,
}
