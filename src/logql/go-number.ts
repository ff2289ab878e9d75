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
