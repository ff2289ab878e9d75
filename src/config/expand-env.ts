import { characterAt, codePointOf, toBytes, type Bytes } from './bytes.ts'
import { operation } from './expand-operations.ts'

/** The environment by name; own properties only are looked at. */
export type Environment = Readonly<Record<string, string | undefined>>

export type Expansion =
  | { readonly kind: 'expanded'; readonly bytes: Uint8Array }
  /** `offset`: in bytes of the text, about where the trouble is. */
  | { readonly kind: 'refused'; readonly why: string; readonly offset: number }

/** References inside defaults inside references; deeper is refused. */
const MAX_DEPTH = 100

/** What the reader throws at itself and `expandEnv` turns into a value. */
class Refusal extends Error {
  readonly offset: number
  constructor(why: string, offset: number) {
    super(why)
    this.offset = offset
  }
}

const isNamePart = (character: Bytes): boolean => /^[\p{L}\p{Nd}_]$/u.test(String.fromCodePoint(codePointOf(character)))

const escapedPair = /\$\$|\\[\\/]/y

/** Reads the text once from left to right and writes its expansion. */
class Expander {
  readonly #text: Bytes
  readonly #environment: Environment
  #at = 0
  #depth = 0

  constructor(text: Bytes, environment: Environment) {
    this.#text = text
    this.#environment = environment
  }

  /** Plain text with references: `$$`, `\\` and `\/` are escapes, a lone `$` is itself. */
  expandText(): Bytes {
    let out = ''
    while (this.#at < this.#text.length) {
      out += this.#text.startsWith('${', this.#at) ? this.#reference() : this.#run(() => true, true)
    }
    return out
  }

  #refuse(why: string): never {
    throw new Refusal(why, this.#at)
  }

  /** Characters up to a reference, the end, or one that is not accepted; may be empty. */
  #run(accepts: (byte: string) => boolean, escapes: boolean): Bytes {
    let out = ''
    while (this.#at < this.#text.length && !this.#text.startsWith('${', this.#at)) {
      escapedPair.lastIndex = this.#at
      const step = escapes && escapedPair.test(this.#text) ? 2 : 1
      const byte = this.#text[this.#at + step - 1] ?? ''
      if (step === 1 && !accepts(byte)) break
      out += byte
      this.#at += step
    }
    return out
  }

  /** Takes the longest beginning that the sticky pattern matches. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const taken = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += taken.length
    return taken
  }

  #name(): Bytes {
    const start = this.#at
    for (;;) {
      const character = characterAt(this.#text, this.#at)
      if (character === '' || !isNamePart(character)) return this.#text.slice(start, this.#at)
      this.#at += character.length
    }
  }

  #close(why: string): void {
    if (this.#text[this.#at] !== '}') this.#refuse(why)
    this.#at += 1
  }

  /** One argument: a nested reference, or text that is not empty. */
  #argument(accepts: (byte: string) => boolean, escapes = false): Bytes {
    if (this.#text.startsWith('${', this.#at)) return this.#reference()
    const start = this.#at
    const text = this.#run(accepts, escapes)
    if (this.#at === start) this.#refuse('unable to parse substitution within function')
    return text
  }

  #reference(): Bytes {
    this.#at += 2
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) this.#refuse('references are nested too deeply')
    const out = this.#text[this.#at] === '#' ? this.#length() : this.#operation()
    this.#depth -= 1
    return out
  }

  #length(): Bytes {
    this.#at += 1
    const name = this.#name()
    if (name === '') this.#refuse('bad substitution')
    this.#close('bad substitution')
    return this.#apply(name, 'length', [])
  }

  #operation(): Bytes {
    const name = this.#name()
    if (name === '') this.#refuse('unable to parse variable name')
    switch (this.#text[this.#at] ?? '') {
      case ':':
        return /[=\-?+]/.test(this.#text[this.#at + 1] ?? '') ? this.#default(name) : this.#substring(name)
      case '=':
        return this.#default(name)
      case ',':
      case '^':
        return this.#casing(name)
      case '/':
        return this.#replace(name)
      case '#':
      case '%':
        return this.#trim(name)
      default:
        this.#close('missing closing brace')
        return this.#apply(name, '', [])
    }
  }

  #default(name: Bytes): Bytes {
    const sign = this.#take(/:?[=\-?+]/y)
    const args: Bytes[] = []
    while (this.#text[this.#at] !== '}') args.push(this.#argument((byte) => byte !== '}'))
    this.#at += 1
    return this.#apply(name, sign, args)
  }

  #substring(name: Bytes): Bytes {
    this.#at += 1
    // Promtail loses its place when the character after the colon takes several bytes.
    if (characterAt(this.#text, this.#at).length > 1) this.#refuse('bad substitution')
    const args = [this.#argument((byte) => byte !== ':' && byte !== '}')]
    if (this.#take(/:*/y) !== '') args.push(this.#argument((byte) => byte !== '}'))
    this.#close('bad substitution')
    return this.#apply(name, ':', args)
  }

  #casing(name: Bytes): Bytes {
    const sign = this.#take(/[,^]{1,2}/y)
    this.#close('bad substitution')
    return this.#apply(name, sign, [])
  }

  #trim(name: Bytes): Bytes {
    const sign = this.#take(/##?|%%?/y)
    const pattern = this.#argument((byte) => byte !== '}')
    this.#close('bad substitution')
    return this.#apply(name, sign, [pattern])
  }

  #replace(name: Bytes): Bytes {
    const sign = this.#take(/\/[/#%]?/y)
    const args = [this.#argument((byte) => byte !== '/', true)]
    if (this.#take(/\/+/y) === '') this.#refuse('bad substitution')
    if (this.#text[this.#at] !== '}') args.push(this.#argument((byte) => byte !== '}', true))
    this.#close('bad substitution')
    return this.#apply(name, sign, args)
  }

  #apply(name: Bytes, sign: string, args: readonly Bytes[]): Bytes {
    const key = Buffer.from(name, 'latin1').toString('utf8')
    const value = Object.hasOwn(this.#environment, key) ? (this.#environment[key] ?? '') : ''
    return operation(sign)(toBytes(value), args) ?? this.#refuse('a substring cannot have a negative length')
  }
}

/**
 * `-config.expand-env`: replaces `${NAME}` and its forms in the text of a configuration file, as drone/envsubst 1.0.3 does
 * for Promtail: unset is empty; `:-`, `:=`, `:?`, `:+` and `=` all mean "this, if empty or unset"; `$NAME` is left alone;
 * `$$` is `$`, `\\` is `\`, `\/` is `/`. The result need not be UTF-8, because substrings are cut by bytes.
 */
export const expandEnv = (text: string, environment: Environment): Expansion => {
  // Its scanner takes U+0000 for the end of the text.
  const [readable = ''] = toBytes(text).split('\0', 1)
  try {
    return { kind: 'expanded', bytes: Buffer.from(new Expander(readable, environment).expandText(), 'latin1') }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { kind: 'refused', why: error.message, offset: error.offset }
  }
}
