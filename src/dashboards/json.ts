/** Anything that JSON can hold, looked at with care: a dashboard is anybody's file. */
export type Json = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const fieldOf = (json: Json, key: string): unknown => (Object.hasOwn(json, key) ? json[key] : undefined)

/** The object under a key; an empty one where there is none. */
export const objectOf = (json: Json, key: string): Json => {
  const value = fieldOf(json, key)
  return isObject(value) ? value : {}
}

/** The object at the end of a path of keys; an empty one where there is none. */
export const objectAt = (json: Json, ...path: readonly string[]): Json => path.reduce(objectOf, json)

/** The objects of the array under a key. */
export const objectsOf = (json: Json, key: string): readonly Json[] => {
  const value = fieldOf(json, key)
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** The text under a key; '' where there is none. */
export const textOf = (json: Json, key: string): string => {
  const value = fieldOf(json, key)
  return typeof value === 'string' ? value : ''
}

/** The number under a key; NaN where there is none. */
export const numberOf = (json: Json, key: string): number => {
  const value = fieldOf(json, key)
  return typeof value === 'number' ? value : NaN
}
