/** The package brings no types. Block format only. */
declare module 'snappyjs' {
  export function compress(input: Uint8Array): Uint8Array
  export function uncompress(input: Uint8Array, maxBytes?: number): Uint8Array
}
