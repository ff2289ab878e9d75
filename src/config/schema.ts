import { parse } from 'yaml'
import type { Decoder } from './decoder.ts'
import type { JsonSchema } from './form.ts'

type Definitions = Map<string, JsonSchema>

/** An empty value is the same as no key, so it fits wherever the key may be absent. */
const orNull = (schema: JsonSchema): JsonSchema => {
  const { type, enum: words, anyOf } = schema
  if (typeof type === 'string') return { ...schema, type: [type, 'null'] }
  if (Array.isArray(type)) return { ...schema, type: [...(type as readonly string[]), 'null'] }
  if (Array.isArray(words)) return { ...schema, enum: [...(words as readonly string[]), null] }
  if (Array.isArray(anyOf)) return { ...schema, anyOf: [...(anyOf as readonly JsonSchema[]), { type: 'null' }] }
  return typeof schema['$ref'] === 'string' ? { anyOf: [schema, { type: 'null' }] } : schema
}

const objectOf = (decoder: Decoder<unknown>, definitions: Definitions): JsonSchema => {
  const fields = Object.entries(decoder.fields ?? {})
  const required = fields.filter(([, field]) => field.required === true).map(([key]) => key)
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(([key, field]) => [key, schemaOf(field, definitions)])),
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    ...(decoder.single === true ? { maxProperties: 1 } : {}),
  }
}

const mappingOf = ({ value, pattern }: Required<Decoder<unknown>>['named'], definitions: Definitions): JsonSchema => ({
  type: 'object',
  ...(pattern === undefined ? {} : { propertyNames: { pattern } }),
  additionalProperties: schemaOf(value, definitions),
})

const effectOf = ({ kind, why }: Required<Decoder<unknown>>['effect']): JsonSchema => {
  switch (kind) {
    case 'ignored':
      return { description: `Accepted, without effect: ${why}.`, deprecationMessage: `without effect: ${why}` }
    case 'unsupported':
      return { description: `Refused: ${why}.`, type: ['array', 'object'], maxItems: 0, maxProperties: 0 }
    case 'forbidden':
      return { description: `Refused: ${why}.`, not: {} }
  }
}

/** Of the values of a decoder, null aside; what it does not tell is a mistake of ours. */
const valuesOf = (decoder: Decoder<unknown>, definitions: Definitions): JsonSchema => {
  if (decoder.effect !== undefined) return effectOf(decoder.effect)
  if (decoder.form !== undefined) return decoder.form.schema
  if (decoder.item !== undefined) return { type: 'array', items: schemaOf(decoder.item, definitions) }
  if (decoder.fields !== undefined) return objectOf(decoder, definitions)
  if (decoder.named !== undefined) return mappingOf(decoder.named, definitions)
  throw new Error('a decoder that does not tell what it takes')
}

const annotated = (schema: JsonSchema, { about, form }: Decoder<unknown>): JsonSchema => ({
  ...(about === undefined ? {} : { description: about.says }),
  ...schema,
  ...(form?.absent === undefined || about?.default !== undefined ? {} : { default: form.absent }),
  ...(about === undefined ? {} : { examples: [parse(about.example) as unknown] }),
})

const schemaOf = (decoder: Decoder<unknown>, definitions: Definitions): JsonSchema => {
  let values = valuesOf(decoder, definitions)
  if (decoder.definition !== undefined) {
    definitions.set(decoder.definition, values)
    values = { $ref: `#/definitions/${decoder.definition}` }
  }
  const { effect } = decoder
  const isAny = effect?.kind === 'ignored' || effect?.kind === 'forbidden' || decoder.required === true
  return annotated(isAny ? values : orNull(values), decoder)
}

/**
 * The JSON Schema (draft-07, which editors read) of what a decoder takes. It refuses unknown keys and wrong types, and
 * nothing that the decoder takes without a word; of values it checks what a pattern or bounds can tell.
 */
export const jsonSchema = (decoder: Decoder<unknown>, title: string): JsonSchema => {
  const definitions: Definitions = new Map()
  const schema = schemaOf(decoder, definitions)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title,
    ...schema,
    ...(definitions.size > 0 ? { definitions: Object.fromEntries(definitions) } : {}),
  }
}
