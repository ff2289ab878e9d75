/** Go's `strconv.FormatFloat(value, 'f', -1, 64)`, as Loki writes the values of samples. */
export const formatGoFloat = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const shortest = String(value)
  const scientific = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(shortest)
  if (scientific === null) return shortest
  const [, sign = '', head = '', tail = '', power = '0'] = scientific
  const digits = head + tail
  const exponent = Number(power)
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  return `${sign}${digits.padEnd(exponent + 1, '0')}`
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)$/
const parseHexadecimal = (text: string): number | null => {
  const [, sign, whole = '', fraction = '', power] = HEXADECIMAL.exec(text) ?? []
  if (power === undefined || whole + fraction === '') return null
  const exponent = Number(power) - 4 * fraction.length
  // Fits a double's 53 bits exactly; longer ones round through BigInt once.
  const value = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** exponent
  return sign === '-' ? -value : value
}

/** Underscores stand between digits, or behind the prefix of a hexadecimal number. */
const withoutUnderscores = (text: string): string | null => {
  if (!text.includes('_')) return text
  const isHexadecimal = /^[+-]?0[xX]/.test(text)
  const digits = isHexadecimal ? text.replace(/^([+-]?0)[xX]_/, '$1x0_') : text
  const misplaced = isHexadecimal ? /(?:^|[^0-9a-fA-F])_|_(?:[^0-9a-fA-F]|$)/ : /(?:^|\D)_|_(?:\D|$)/
  return misplaced.test(digits) ? null : digits.replaceAll('_', '')
}

const parseWord = (sign: string, word: string): number | null => {
  if (word === 'nan') return sign === '' ? NaN : null
  if (word !== 'inf' && word !== 'infinity') return null
  return sign === '-' ? -Infinity : Infinity
}

/** Go's `strconv.ParseFloat(text, 64)`. Null: no number, or one that no double can hold. */
export const parseGoFloat = (text: string): number | null => {
  const word = /^([+-]?)([a-zA-Z]+)$/.exec(text)
  if (word !== null) return parseWord(word[1] ?? '', (word[2] ?? '').toLowerCase())
  const digits = withoutUnderscores(text)
  if (digits === null) return null
  const value = DECIMAL.test(digits) ? Number(digits) : parseHexadecimal(digits)
  return value !== null && Number.isFinite(value) ? value : null
}
