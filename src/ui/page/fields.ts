import type { FieldOptions, MappedText, Mapping, Override, Panel } from './dashboard.ts'

/** A field as overrides find it. */
export type Field = { readonly name: string; readonly refId: string }

const matches = ({ id, options }: Override['matcher'], { name, refId }: Field): boolean => {
  if (id === 'byName') return options === name
  if (id === 'byFrameRefID') return options === refId
  if (id !== 'byRegexp' || typeof options !== 'string') return false
  const pattern = /^\/(.*)\/\w*$/s.exec(options)?.[1] ?? options
  return new RegExp(pattern).test(name)
}

/** The default options of a panel under what its overrides say of one field. */
export const optionsOf = ({ fieldConfig }: Panel, field: Field): FieldOptions => {
  const overrides = (fieldConfig?.overrides ?? []).filter(({ matcher }) => matches(matcher, field))
  const defaults = fieldConfig?.defaults ?? {}
  return overrides
    .flatMap(({ properties }) => properties)
    .reduce<FieldOptions>((options, { id, value }) => {
      if (id.startsWith('custom.'))
        return { ...options, custom: { ...options.custom, [id.slice('custom.'.length)]: value } }
      return { ...options, [id]: value }
    }, defaults)
}

const mappedBy = (mapping: Mapping, value: number): MappedText | null => {
  switch (mapping.type) {
    case 'value':
      return Object.hasOwn(mapping.options, String(value)) ? (mapping.options[String(value)] ?? null) : null
    case 'range': {
      const { from, to, result } = mapping.options
      return value >= (from ?? -Infinity) && value <= (to ?? Infinity) ? result : null
    }
    case 'special':
      return mapping.options.match === 'nan' && Number.isNaN(value) ? mapping.options.result : null
    case 'regex':
      return new RegExp(mapping.options.pattern).test(String(value)) ? mapping.options.result : null
  }
}

/** What a value is called; null: its number. */
export const mappedText = ({ mappings = [] }: FieldOptions, value: number): MappedText | null => {
  for (const mapping of mappings) {
    const found = mappedBy(mapping, value)
    if (found !== null) return found
  }
  return null
}

/** The name of the colour of a value, by mapping, then by fixed colour or threshold; '': none of them says. */
export const colourName = (options: FieldOptions, value: number): string => {
  const mapped = mappedText(options, value)?.color
  if (mapped !== undefined) return mapped
  const { color, thresholds } = options
  if (color?.mode === 'fixed') return color.fixedColor ?? ''
  if (color?.mode !== 'thresholds') return ''
  const steps = thresholds?.steps ?? []
  return steps.findLast((step) => step.value === null || value >= step.value)?.color ?? ''
}
