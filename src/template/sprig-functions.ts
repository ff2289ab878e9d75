import { sprigDateFunctions } from './date-functions.ts'
import { choiceFunctions } from './default-functions.ts'
import { encodingFunctions } from './encoding-functions.ts'
import type { TemplateFunctions } from './functions.ts'
import { jsonFunctions } from './json-functions.ts'
import { listFunctions } from './list-functions.ts'
import { mapFunctions } from './map-functions.ts'
import { moreNumberFunctions } from './more-number-functions.ts'
import { moreTextFunctions } from './more-text-functions.ts'
import { pathFunctions } from './path-functions.ts'
import { regexFunctions } from './regex-functions.ts'
import { semverFunctions } from './semver-functions.ts'
import { textFunctions } from './text-functions.ts'
import { typeFunctions } from './type-functions.ts'
import { urlFunctions } from './url-functions.ts'

/** The functions of sprig, without what draws lots, and without what reaches the environment, the network or makes keys. */
export const sprigFunctions: TemplateFunctions = {
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
}
