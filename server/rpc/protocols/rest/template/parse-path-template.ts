/** Parses the path template of an HTTP binding. */
import type { PathTemplate, TemplateSegment, TemplateVariable } from './path-template.ts'

/**
 * Parses a path template:
 *
 *     Template  = "/" [ Segments [ Verb ] ] ;
 *     Segments  = Segment { "/" Segment } ;
 *     Segment   = "*" | "**" | LITERAL | Variable ;
 *     Variable  = "{" FieldPath [ "=" Segments ] "}" ;
 *     FieldPath = IDENT { "." IDENT } ;
 *     Verb      = ":" LITERAL ;
 *
 * This is the grammar of google/api/http.proto, which leaves out that `/` alone is a template, that literals may follow
 * `**`, and that LITERAL is made of the characters that RFC 3986 section 3.3 allows in a segment, without `*` and `:`.
 *
 * @throws RangeError that says what is wrong, and at which column
 */
export function parsePathTemplate(text: string): PathTemplate {
  return new TemplateReader(text).read()
}

const LITERAL = /(?:[-\w.~!$&'()+,;=@]|%[\dA-Fa-f]{2})+/y
const FIELD_PATH = /[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/y

class TemplateReader {
  readonly #text: string
  #at = 0
  readonly #segments: TemplateSegment[] = []
  readonly #variables: TemplateVariable[] = []

  constructor(text: string) {
    this.#text = text
  }

  read(): PathTemplate {
    if (this.#peek() !== '/') this.#fail('a path begins with "/"')
    if (this.#text.length > 1) this.#readSegments({ inVariable: false })
    else this.#at = 1
    const verb = this.#peek() === ':' ? this.#readVerb() : null
    if (this.#at < this.#text.length) this.#failAfterSegment()
    return { text: this.#text, segments: this.#segments, variables: this.#variables, verb }
  }

  /** Reads from a slash, or from the equals sign of a variable. */
  #readSegments(place: { inVariable: boolean }): void {
    do {
      this.#at += 1
      this.#readSegment(place)
    } while (this.#peek() === '/')
  }

  #readSegment({ inVariable }: { inVariable: boolean }): void {
    const next = this.#peek()
    if (next === '*') this.#readWildcard()
    else if (next === '{' && inVariable) this.#fail('a variable inside another one is not supported')
    else if (next === '{') this.#readVariable()
    else if (next === undefined || '/:}'.includes(next)) this.#fail('the segment is empty')
    else this.#push({ kind: 'literal', text: this.#readLiteral('a segment') }, this.#at)
  }

  #readWildcard(): void {
    const start = this.#at
    const isMany = this.#text[start + 1] === '*'
    this.#at += isMany ? 2 : 1
    this.#push({ kind: isMany ? 'many' : 'one' }, start)
  }

  #push(segment: TemplateSegment, column: number): void {
    if (segment.kind !== 'literal' && this.#segments.some(({ kind }) => kind === 'many')) {
      this.#fail('only literal segments may follow "**"', column)
    }
    this.#segments.push(segment)
  }

  #readVariable(): void {
    const open = this.#at
    const start = this.#segments.length
    this.#at += 1
    const fieldPath = this.#readFieldPath()
    if (this.#peek() === '=') this.#readSegments({ inVariable: true })
    else this.#push({ kind: 'one' }, open)
    this.#close(open)
    const captured = this.#segments.slice(start)
    const isMulti = captured.length > 1 || captured[0]?.kind === 'many'
    this.#variables.push({ fieldPath, start, end: this.#segments.length, isMulti })
  }

  #readFieldPath(): string[] {
    const start = this.#at
    const text = this.#match(FIELD_PATH) ?? this.#fail('a variable begins with the name of a field')
    if (this.#peek() === '.') this.#fail('the name of a field is missing', this.#at + 1)
    const isKnown = this.#variables.some(({ fieldPath }) => fieldPath.join('.') === text)
    if (isKnown) this.#fail(`the variable ${text} occurs twice`, start)
    return text.split('.')
  }

  #close(open: number): void {
    const next = this.#peek()
    if (next === undefined) this.#fail('the variable has no closing "}"', open)
    if (next === ':') this.#fail('a verb must follow the variable, not stand inside it')
    if (next !== '}') this.#failInVariable(next)
    this.#at += 1
  }

  #readVerb(): string {
    this.#at += 1
    const next = this.#peek()
    if (next === undefined || next === '/') this.#fail('the verb after ":" is empty')
    const verb = this.#readLiteral('a verb')
    if (this.#peek() === ':') this.#fail('only one ":" is allowed')
    if (this.#at < this.#text.length) this.#fail('nothing may follow the verb')
    return verb
  }

  /** Reads a literal, and decodes it: it is compared with decoded segments. */
  #readLiteral(role: string): string {
    const start = this.#at
    const text = this.#match(LITERAL)
    if (text === null || this.#peek() === '%') this.#failCharacter(role)
    try {
      return decodeURIComponent(text)
    } catch {
      this.#fail('the percent-encoded text is not valid UTF-8', start)
    }
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const text = pattern.exec(this.#text)?.[0] ?? null
    this.#at += text?.length ?? 0
    return text
  }

  #peek(): string | undefined {
    return this.#text[this.#at]
  }

  #failAfterSegment(): never {
    const next = this.#peek()
    if (next === '*') this.#fail('a wildcard must be "*" or "**", and a segment of its own')
    const isGlued = next === '{' || this.#text[this.#at - 1] === '}'
    if (isGlued) this.#fail('a variable must be a segment of its own')
    this.#failCharacter('a segment')
  }

  #failInVariable(next: string): never {
    if (next === '*' || next === '{') this.#failAfterSegment()
    this.#failCharacter('a variable')
  }

  #failCharacter(role: string): never {
    const next = this.#peek()
    if (next === '%') this.#fail('"%" must be followed by two hexadecimal digits')
    this.#fail(`${JSON.stringify(next)} is not allowed in ${role}`)
  }

  #fail(problem: string, index = this.#at): never {
    throw new RangeError(`invalid path template ${JSON.stringify(this.#text)}: column ${index + 1}: ${problem}`)
  }
}
