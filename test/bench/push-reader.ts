import { uncompress } from '../../src/loki/snappy.ts'

/** Walks a PushRequest and calls `onLine` for each entry; only as much protobuf as that needs. @returns entries. */
export const readPush = (body: Uint8Array, onLine: (line: Buffer) => void): number => {
  const bytes = Buffer.from(uncompress(body, 64 * 1024 * 1024))
  let entries = 0
  walk(bytes, (streamField, stream) => {
    if (streamField !== 1) return
    walk(stream, (entryField, entry) => {
      if (entryField !== 2) return
      entries += 1
      walk(entry, (field, value) => {
        if (field === 2) onLine(value)
      })
    })
  })
  return entries
}

/** Length-delimited fields only; varints are passed over. */
const walk = (bytes: Buffer, onField: (field: number, value: Buffer) => void): void => {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    if ((tag & 7) === 0) {
      varint()
      continue
    }
    const size = varint()
    onField(tag >> 3, bytes.subarray(at, at + size))
    at += size
  }
}
