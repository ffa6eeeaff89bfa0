/** Finds where a JSON value ends, octet by octet, without parsing it. */

const QUOTE = 0x22
const PLUS = 0x2b
const MINUS = 0x2d
const POINT = 0x2e
const BACKSLASH = 0x5c
const SPACE = 0x20

/** Bit that tells `[` from `{`, and `]` from `}`. */
const CASE_BIT = 0x20
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Where a scan stands after an octet. */
export type ScanStep =
  /** The value goes on. */
  | 'within'
  /** The octet is the last one of the value. */
  | 'last'
  /** The octet is not part of the value, which ended before it: a number, or a word such as `true`. */
  | 'after'
  /** The octet is a control character in a string, which JSON does not allow. */
  | 'invalid'

/** Whether an octet may begin a JSON value. */
export function mayBeginValue(octet: number): boolean {
  return octet === QUOTE || isOpening(octet) || octet === MINUS || isOfWord(octet)
}

/** Scans one value at a time. Brackets are counted only; whether they match is left to the parser. */
export class JsonValueScan {
  #depth = 0
  #isString = false
  #isEscaped = false
  #isWord = false

  /** Takes the first octet of a value. */
  begin(octet: number): ScanStep {
    this.#depth = 0
    this.#isString = false
    this.#isEscaped = false
    this.#isWord = !isOpening(octet) && octet !== QUOTE
    return this.#isWord ? 'within' : this.next(octet)
  }

  /** Takes the next octet. */
  next(octet: number): ScanStep {
    if (this.#isString) return this.#nextOfString(octet)
    if (this.#isWord) return isOfWord(octet) ? 'within' : 'after'
    if (octet === QUOTE) this.#isString = true
    else if (isOpening(octet)) this.#depth++
    else if ((octet | CASE_BIT) === CLOSE_BRACE) this.#depth--
    return this.#depth === 0 && !this.#isString ? 'last' : 'within'
  }

  #nextOfString(octet: number): ScanStep {
    if (octet < SPACE) return 'invalid'
    if (this.#isEscaped) this.#isEscaped = false
    else if (octet === BACKSLASH) this.#isEscaped = true
    else if (octet === QUOTE) {
      this.#isString = false
      if (this.#depth === 0) return 'last'
    }
    return 'within'
  }
}

function isOpening(octet: number): boolean {
  return (octet | CASE_BIT) === OPEN_BRACE
}

/** Letters, digits, and `+ - .`. */
function isOfWord(octet: number): boolean {
  const letter = octet | CASE_BIT
  if (letter >= 0x61 && letter <= 0x7a) return true
  return (octet >= 0x30 && octet <= 0x39) || octet === PLUS || octet === MINUS || octet === POINT
}
