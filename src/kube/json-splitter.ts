/** The text of one JSON value, or why there is none; `line` is where it begins, from 1. */
export type JsonText =
  | { readonly kind: 'value'; readonly text: string; readonly line: number }
  | { readonly kind: 'broken'; readonly why: string; readonly line: number }

const NEWLINE = 0x0a
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const BYTE_ORDER_MARK = 0xfeff

const MAX_DEPTH = 200
const LIST_KEY = /"items"\s*:\s*$/
/** Enough for the key and some indentation. */
const LIST_KEY_CHARS = 64

const isOpener = (code: number): boolean => code === OPEN_BRACE || code === OPEN_BRACKET
const isCloser = (code: number): boolean => code === CLOSE_BRACE || code === CLOSE_BRACKET

/**
 * Cuts text into JSON values, however they are separated: one per line, pretty-printed over many lines, or one directly
 * after the other. The elements of a top-level array, and of the array `items` of a top-level object, come one by one
 * and the list around them is let go, so that no more than one element is held however long the list is.
 *
 * It looks at quotes, brackets and newlines only; whether a text is JSON is for JSON.parse to say. After something
 * broken it goes on with the next line: a newline inside a string, or a line that begins with `{` where no value may
 * begin, ends what was before it.
 */
export class JsonSplitter {
  readonly #maxChars: number
  #found: JsonText[] = []
  #chunk = ''
  /** Where the part of the value that lies in this chunk begins. */
  #from = 0
  #parts: string[] = []
  #chars = 0
  /** The last characters of the value in earlier chunks. */
  #tail = ''
  #line = 1
  #valueLine = 1
  #open: number[] = []
  /** Open containers around the elements of a list; 0 outside of lists. */
  #listDepth = 0
  #state: 'between' | 'value' | 'string' | 'escape' | 'skip_line' = 'between'
  /** The last character that is not blank, outside strings. */
  #last = 0
  #atLineStart = true

  /** @param maxChars the longest value that is kept; a longer one is read over and reported. */
  constructor(maxChars: number) {
    this.#maxChars = maxChars
  }

  /** Takes the next piece of text; gives what ends in it. */
  push(chunk: string): JsonText[] {
    this.#chunk = chunk
    this.#from = 0
    for (let at = 0; at < chunk.length; at += 1) this.#step(chunk.charCodeAt(at), at)
    if (this.#state !== 'between' && this.#state !== 'skip_line') this.#keep(chunk.length)
    return this.#taken()
  }

  /** The text has ended. */
  end(): JsonText[] {
    if (this.#state !== 'between' && this.#state !== 'skip_line') this.#break('the input ends before the value does')
    else if (this.#listDepth > 0) this.#break('the input ends before the list does')
    return this.#taken()
  }

  #taken(): JsonText[] {
    const found = this.#found
    this.#found = []
    return found
  }

  #step(code: number, at: number): void {
    if (this.#state === 'string') this.#inString(code)
    else if (this.#state === 'escape') this.#state = 'string'
    else if (code > SPACE && code !== BYTE_ORDER_MARK && this.#state !== 'skip_line') this.#outside(code, at)
    if (code !== NEWLINE) {
      this.#atLineStart = false
      return
    }
    this.#line += 1
    this.#atLineStart = true
    if (this.#state === 'skip_line') this.#state = 'between'
  }

  #inString(code: number): void {
    if (code === QUOTE) this.#state = 'value'
    else if (code === BACKSLASH) this.#state = 'escape'
    else if (code === NEWLINE) this.#break('a string is not ended before the end of its line')
  }

  #outside(code: number, at: number): void {
    if (code === OPEN_BRACE && this.#atLineStart && this.#open.length > 0 && !this.#mayBegin()) {
      this.#break('a new line begins before the value ends')
      this.#state = 'between'
    }
    if (this.#state === 'between') this.#between(code, at)
    else this.#inValue(code, at)
    this.#last = code
  }

  #mayBegin(): boolean {
    if (this.#last === COLON || this.#last === OPEN_BRACKET) return true
    return this.#last === COMMA && this.#open.at(-1) === OPEN_BRACKET
  }

  #between(code: number, at: number): void {
    if (isOpener(code)) this.#begin(code, at)
    else if (this.#listDepth === 0) this.#break('neither an object nor a list begins here')
    else if (code === CLOSE_BRACKET) this.#endList(at)
    else if (code !== COMMA) this.#break('an element of the list is no object')
  }

  #begin(code: number, at: number): void {
    this.#from = at
    this.#valueLine = this.#line
    this.#open.push(code)
    this.#state = 'value'
    if (code === OPEN_BRACKET && this.#open.length === 1) this.#beginList()
  }

  #beginList(): void {
    this.#drop()
    this.#listDepth = this.#open.length
    this.#state = 'between'
  }

  /** The rest of an object around a list is read like a value and then let go. */
  #endList(at: number): void {
    this.#listDepth = 0
    this.#open.pop()
    if (this.#open.length === 0) return
    this.#from = at
    this.#state = 'value'
    this.#listDepth = -1
  }

  #inValue(code: number, at: number): void {
    if (code === QUOTE) this.#state = 'string'
    else if (isOpener(code)) this.#descend(code, at)
    else if (isCloser(code)) this.#ascend(code, at)
  }

  #descend(code: number, at: number): void {
    const isList = code === OPEN_BRACKET && this.#open.length === 1 && this.#listDepth === 0 && this.#afterListKey(at)
    this.#open.push(code)
    if (isList) this.#beginList()
    else if (this.#open.length > MAX_DEPTH) this.#break('nested too deeply')
  }

  #afterListKey(at: number): boolean {
    const inChunk = this.#chunk.slice(Math.max(this.#from, at - LIST_KEY_CHARS), at)
    return LIST_KEY.test((this.#tail + inChunk).slice(-LIST_KEY_CHARS))
  }

  #ascend(code: number, at: number): void {
    const opener = this.#open.pop()
    if ((code === CLOSE_BRACE) !== (opener === OPEN_BRACE)) {
      this.#break('a bracket closes what it did not open')
      return
    }
    if (this.#open.length > Math.max(this.#listDepth, 0)) return
    if (this.#listDepth >= 0) this.#finish(at + 1)
    else this.#listDepth = 0
    this.#drop()
    this.#state = 'between'
  }

  #finish(to: number): void {
    this.#keep(to)
    const line = this.#valueLine
    if (this.#chars <= this.#maxChars) this.#found.push({ kind: 'value', text: this.#parts.join(''), line })
    else this.#found.push({ kind: 'broken', why: `longer than ${this.#maxChars} characters`, line })
  }

  #keep(to: number): void {
    const part = this.#chunk.slice(this.#from, to)
    this.#chars += part.length
    this.#tail = (this.#tail + part.slice(-LIST_KEY_CHARS)).slice(-LIST_KEY_CHARS)
    if (this.#chars > this.#maxChars) this.#parts = []
    else this.#parts.push(part)
    this.#from = 0
  }

  #drop(): void {
    this.#tail = ''
    this.#parts = []
    this.#chars = 0
  }

  /** Reports what was begun, or this line, and goes on with the next line. */
  #break(why: string): void {
    this.#found.push({ kind: 'broken', why, line: this.#state === 'between' ? this.#line : this.#valueLine })
    this.#drop()
    this.#open = []
    this.#listDepth = 0
    this.#state = 'skip_line'
  }
}
