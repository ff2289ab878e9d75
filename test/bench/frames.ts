import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** A recorded revision cut open where the resourceVersion stands, its times moved to the last minutes. */
export type Template = { readonly type: 'ADDED' | 'MODIFIED'; readonly head: string; readonly tail: string }

const RECORDING = new URL('../src/demo/recording/watch-core-v1.ndjson.gz', import.meta.url)
const MARK = '"resourceVersion":"'

const timesOf = (text: string): string[] => text.match(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g) ?? []

const newestMs = (lines: readonly string[]): number =>
  lines.flatMap(timesOf).reduce((newest, time) => Math.max(newest, Date.parse(`${time}Z`)), 0)

/** The recording's ADDED and MODIFIED frames as templates; the newest time in them becomes now. */
export const loadTemplates = (root: URL = RECORDING): readonly Template[] => {
  const lines = gunzipSync(readFileSync(root)).toString('utf8').trimEnd().split('\n')
  const shiftMs = Date.now() - newestMs(lines)
  return lines
    .filter((line) => !line.startsWith('{"type":"DELETED"'))
    .map((line) => {
      const shifted = line.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, (time) =>
        new Date(Date.parse(`${time}Z`) + shiftMs).toISOString().slice(0, 19),
      )
      const start = shifted.indexOf(MARK) + MARK.length
      const end = shifted.indexOf('"', start)
      return {
        type: shifted.startsWith('{"type":"ADDED"') ? 'ADDED' : 'MODIFIED',
        head: shifted.slice(0, start),
        tail: shifted.slice(end),
      }
    })
}

/** The watch line of revision `rv`. */
export const frameOf = (templates: readonly Template[], rv: number): string => {
  const template = templates[rv % templates.length]
  if (template === undefined) throw new Error('no templates')
  return `${template.head}${rv}${template.tail}\n`
}

const OBJECT = '"object":'

/** The same revision as a LIST item: without kind and apiVersion. */
export const itemOf = (templates: readonly Template[], rv: number): string => {
  const frame = frameOf(templates, rv)
  const object = frame.slice(frame.indexOf(OBJECT) + OBJECT.length, -2)
  return object.replace('"kind":"Event","apiVersion":"v1",', '')
}
