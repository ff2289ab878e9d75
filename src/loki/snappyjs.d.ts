/** The package brings no types: as much of it as `snappy.ts` uses. */
declare module 'snappyjs' {
  export function compress(input: Uint8Array): Uint8Array
  export function uncompress(input: Uint8Array, maxLength: number): Uint8Array
}
