import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Dice } from './dice.ts'

/**
 * What becomes of the write-ahead log between two lives: nothing, or its volume is lost, or an older copy of it is put
 * back, or its end is cut off or zeroed, or a byte anywhere in it is another one.
 */
export type WalDeed = 'kept' | 'vanished' | 'older' | 'torn' | 'zeroed' | 'flipped'

const DEEDS: Readonly<Record<WalDeed, number>> = { kept: 60, vanished: 6, older: 14, torn: 7, zeroed: 6, flipped: 7 }
const COPY_CHANCE = 0.25
/** A copy that is much older is found out at once, and teaches nothing. */
const MAX_COPIES = 4
const SECTOR_BYTES = 512
/** Keeps the choices about the log apart from all others of a seed. */
const STRAND = 0x5741

/** A copy of the log, and how many lives there had been when it was made. */
type Copy = { readonly folder: string; readonly after: number }

/** Does what the dice say to the folder of a log that nobody is at work in. */
export class WalFate {
  readonly #folder: string
  readonly #copies: string
  readonly #seed: number
  /** The newest last. */
  readonly #made: Copy[] = []
  #after = 0
  readonly deeds: Record<string, number> = {}

  /** @param folder of the log. @param copies where copies of it may be put. */
  constructor(folder: string, copies: string, seed: number) {
    this.#folder = folder
    this.#copies = copies
    this.#seed = seed ^ STRAND
  }

  /** How many lives there had been when the log was written as it is now. */
  get after(): number {
    return this.#after
  }

  /** Between two lives, `lives` of which there were; `n` decides the choices. */
  befall(n: number, lives: number): void {
    const dice = new Dice(this.#seed, n)
    this.#after = lives
    if (dice.chance(COPY_CHANCE)) this.#copy(lives)
    const deed = dice.pick(DEEDS)
    if (this.#do(deed, dice)) this.deeds[deed] = (this.deeds[deed] ?? 0) + 1
  }

  /** Nothing happens to it. */
  untouched(lives: number): void {
    this.#after = lives
  }

  #copy(after: number): void {
    const folder = join(this.#copies, String(after))
    cpSync(this.#folder, folder, { recursive: true })
    this.#made.push({ folder, after })
    if (this.#made.length > MAX_COPIES) rmSync(this.#made.shift()?.folder ?? '', { recursive: true })
  }

  /** @returns false: there was nothing to do it to. */
  #do(deed: WalDeed, dice: Dice): boolean {
    switch (deed) {
      case 'kept':
        return true
      case 'vanished':
        return this.#replace(null)
      case 'older':
        return this.#made.length > 0 && this.#replace(this.#made[dice.whole(0, this.#made.length - 1)] ?? null)
      case 'torn':
      case 'zeroed':
        return this.#spoilEnd(deed, dice)
      case 'flipped':
        return this.#flip(dice)
    }
  }

  #replace(copy: Copy | null): boolean {
    rmSync(this.#folder, { recursive: true })
    if (copy === null) mkdirSync(this.#folder)
    else cpSync(copy.folder, this.#folder, { recursive: true })
    this.#after = copy?.after ?? this.#after
    return true
  }

  #spoilEnd(deed: 'torn' | 'zeroed', dice: Dice): boolean {
    const file = this.#segments().at(-1)
    if (file === undefined) return false
    const bytes = readFileSync(file)
    const lost = Math.min(bytes.length, dice.chance(0.7) ? dice.whole(1, 600) : dice.whole(1, bytes.length))
    if (deed === 'torn') truncateSync(file, bytes.length - lost)
    else {
      // Sectors are lost one by one: what is behind them may be there.
      const from = Math.floor((bytes.length - lost) / SECTOR_BYTES) * SECTOR_BYTES
      bytes.fill(0, from, Math.min(bytes.length, dice.chance(0.5) ? from + SECTOR_BYTES : Infinity))
      writeFileSync(file, bytes)
    }
    return true
  }

  #flip(dice: Dice): boolean {
    const others = ['cursors.json', 'wal.json']
      .map((name) => join(this.#folder, name))
      .filter((path) => existsSync(path))
    const files = dice.chance(0.85) ? this.#segments() : others
    const file = files[dice.whole(0, files.length - 1)]
    const bytes = file === undefined ? Buffer.alloc(0) : readFileSync(file)
    if (file === undefined || bytes.length === 0) return false
    const at = dice.whole(0, bytes.length - 1)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.whole(0, 7))
    writeFileSync(file, bytes)
    return true
  }

  /** Paths, in order. */
  #segments(): readonly string[] {
    if (!existsSync(this.#folder)) return []
    const names = readdirSync(this.#folder).filter((name) => name.endsWith('.wal'))
    return names.sort().map((name) => join(this.#folder, name))
  }
}
