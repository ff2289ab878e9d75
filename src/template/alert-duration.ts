import { TemplateFailure } from './functions.ts'

const SECONDS: Readonly<Record<string, number>> = {
  y: 365 * 86_400,
  w: 7 * 86_400,
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
}

const DURATION = /^(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?$/

/** Seconds of a duration as Prometheus writes it: `1h30m`. @throws TemplateFailure in its words */
export const parseAlertDuration = (text: string): number => {
  if (text === '0') return 0
  if (text === '') throw new TemplateFailure('empty duration string')
  if (!DURATION.test(text)) throw new TemplateFailure(`not a valid duration string: ${JSON.stringify(text)}`)
  let seconds = 0
  for (const [, count, unit = ''] of text.matchAll(/(\d+)([a-z]+)/g)) seconds += Number(count) * (SECONDS[unit] ?? 0)
  if (seconds * 1e9 >= 2 ** 63) throw new TemplateFailure('duration out of range')
  return seconds
}
