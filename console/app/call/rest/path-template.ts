/**
 * Path templates of `google.api.http`, as requests are written by them:
 *
 *     Template = "/" Segments [ ":" LITERAL ]
 *     Segments = Segment { "/" Segment }
 *     Segment  = "*" | "**" | LITERAL | "{" FieldPath [ "=" Segments ] "}"
 */

/** A segment of a template. */
export type TemplateSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'wildcard'; readonly isDeep: boolean }
  | { readonly kind: 'variable'; readonly field: string; readonly pattern: readonly string[] }

/** A parsed template. */
export interface PathTemplate {
  readonly segments: readonly TemplateSegment[]
  /** As in `:move`; empty for none. */
  readonly verb: string
}

/** Parses a template that the server has checked: only valid ones are served. */
export function parsePathTemplate(text: string): PathTemplate {
  const path = text.replace(/^\//, '')
  // A colon in a variable's pattern is not possible, so the last one outside of braces starts the verb.
  const colon = path.lastIndexOf(':')
  const hasVerb = colon > path.lastIndexOf('}') && colon > path.lastIndexOf('/')
  return {
    segments: splitSegments(hasVerb ? path.slice(0, colon) : path).map(parseSegment),
    verb: hasVerb ? path.slice(colon) : '',
  }
}

/** Splits at slashes outside of braces. */
function splitSegments(path: string): readonly string[] {
  return path.match(/(?:\{[^}]*\}|[^/])+/g) ?? []
}

function parseSegment(text: string): TemplateSegment {
  if (text === '*' || text === '**') return { kind: 'wildcard', isDeep: text === '**' }
  const variable = /^\{([^=}]+)(?:=([^}]*))?\}$/.exec(text)
  if (variable === null) return { kind: 'literal', text }
  const [, field = '', pattern = '*'] = variable
  return { kind: 'variable', field, pattern: pattern.split('/') }
}

/** Returns the fields of the variables, as in `book.name`. */
export function variablesOf({ segments }: PathTemplate): readonly string[] {
  return segments.flatMap((segment) => (segment.kind === 'variable' ? [segment.field] : []))
}

/**
 * Writes the path with the texts of its variables.
 *
 * @throws RangeError with a sentence, if the path cannot hold a text
 */
export function writePath({ segments, verb }: PathTemplate, textOf: (field: string) => string): string {
  const parts = segments.flatMap((segment): readonly string[] => {
    if (segment.kind === 'literal') return [segment.text]
    if (segment.kind === 'wildcard') return segment.isDeep ? [] : ['-']
    return writeVariable(segment.field, segment.pattern, textOf(segment.field))
  })
  return `/${parts.join('/')}${verb}`
}

function writeVariable(field: string, pattern: readonly string[], text: string): readonly string[] {
  const isSingle = pattern.length === 1 && pattern[0] !== '**'
  const parts = isSingle ? [text] : text === '' ? [] : text.split('/')
  if (!matches(pattern, parts)) throw new RangeError(mismatch(field, pattern, text))
  if (parts.some((part) => part === '.' || part === '..'))
    throw new RangeError(`${field} is "${text}", but browsers shorten paths with . and .. in them.`)
  return parts.map(encodeSegment)
}

function mismatch(field: string, pattern: readonly string[], text: string): string {
  if (text === '') return `${field} is empty, but is part of the path.`
  return `${field} is "${text}", but must be like ${pattern.join('/')} in the path.`
}

/** Only literals may follow `**`. */
function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  const deep = pattern.indexOf('**')
  if (deep < 0) return parts.length === pattern.length && pattern.every((each, at) => fits(each, parts[at] ?? ''))
  const tail = pattern.slice(deep + 1)
  if (parts.length < deep + tail.length) return false
  const start = parts.length - tail.length
  return (
    pattern.slice(0, deep).every((each, at) => fits(each, parts[at] ?? '')) &&
    tail.every((each, at) => fits(each, parts[start + at] ?? ''))
  )
}

function fits(pattern: string, part: string): boolean {
  return pattern === '*' ? part !== '' : pattern === part
}

/** Unpaired surrogates have no UTF-8. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
