import { configDecoder } from '../config/parse-config.ts'
import { jsonSchema } from '../config/schema.ts'
import type { ExitCode, Output } from './output.ts'

/** `config schema`: the JSON Schema of the configuration file, for editors; also docs/eventail.schema.json. */
export const configSchemaText = (): string =>
  `${JSON.stringify(jsonSchema(configDecoder, 'Configuration of Eventail'), null, 2)}\n`

export const printConfigSchema = (output: Output): ExitCode => {
  output.out(configSchemaText())
  return 0
}
