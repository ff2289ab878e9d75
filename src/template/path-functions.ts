import { posix } from 'node:path'
import { define } from './define.ts'
import type { TemplateFunctions } from './functions.ts'

/** Go's path.Clean. */
const clean = (path: string): string => {
  const normal = path === '' ? '.' : posix.normalize(path)
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal
}

/** Go's path.Base. */
const base = (path: string): string => {
  if (path === '') return '.'
  const bare = path.replace(/\/+$/, '')
  return bare === '' ? '/' : bare.slice(bare.lastIndexOf('/') + 1)
}

/** Go's path.Dir: everything before the last slash. */
const dir = (path: string): string => clean(path.slice(0, path.lastIndexOf('/') + 1))

/** Go's path.Ext: from the last dot of the last element on. */
const ext = (path: string): string => {
  const last = path.slice(path.lastIndexOf('/') + 1)
  return last.includes('.') ? last.slice(last.lastIndexOf('.')) : ''
}

const paths: TemplateFunctions = {
  base: define(['string'], ([path]) => base(path)),
  dir: define(['string'], ([path]) => dir(path)),
  clean: define(['string'], ([path]) => clean(path)),
  ext: define(['string'], ([path]) => ext(path)),
  isAbs: define(['string'], ([path]) => path.startsWith('/')),
}

/** sprig's functions on paths; those of the operating system are those of Linux. */
export const pathFunctions: TemplateFunctions = Object.fromEntries(
  Object.entries(paths).flatMap(([name, callable]) => [
    [name, callable],
    [`os${name.slice(0, 1).toUpperCase()}${name.slice(1)}`, callable],
  ]),
)
