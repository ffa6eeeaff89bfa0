/** Reads the text format of Prometheus (version 0.0.4), and as much of OpenMetrics as pages in practice hold. */

/** One measured value. */
export interface MetricSample {
  /** Name and labels as the page writes them, which tells the series apart. */
  readonly id: string
  readonly name: string
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly value: number
}

/** The samples of one metric: of a histogram its buckets, sum and count. */
export interface MetricFamily {
  readonly name: string
  /** As in `counter`; `untyped` where the page does not say. */
  readonly type: string
  readonly help: string
  readonly samples: readonly MetricSample[]
}

/** What a page of metrics says. */
export interface MetricsPage {
  readonly families: readonly MetricFamily[]
  /** How many lines are neither samples nor comments, and the number of the first of them. */
  readonly faults: { readonly count: number; readonly firstLine: number }
  /** Whether samples beyond the limit were left out. */
  readonly isCut: boolean
}

interface OpenFamily {
  readonly name: string
  type: string
  help: string
  readonly samples: MetricSample[]
}

const MAX_SAMPLES = 20_000
const MAX_LABELS = 64
/** What a histogram, summary or counter adds to its name for a sample. */
const SUFFIX = /_(?:bucket|sum|count|total|created|gsum|gcount|info)$/
/** Takes time in proportion to the text, however it fails. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i

/** Reads a page. Never throws: what cannot be read is counted. Takes time in proportion to the text. */
export function parseMetrics(text: string, maxSamples = MAX_SAMPLES): MetricsPage {
  const families = new Map<string, OpenFamily>()
  const faults = { count: 0, firstLine: 0 }
  let samples = 0
  let lineNumber = 0
  let isCut = false
  for (const line of linesOf(text)) {
    lineNumber += 1
    if (line.startsWith('#')) readComment(line, families)
    else if (line !== '') {
      if (samples === maxSamples) {
        isCut = true
        break
      }
      const sample = readSample(line)
      if (sample === undefined) {
        faults.count += 1
        faults.firstLine ||= lineNumber
      } else {
        samples += 1
        familyOf(sample.name, families).samples.push(sample)
      }
    }
  }
  return { families: [...families.values()].filter((family) => family.samples.length > 0), faults, isCut }
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\n', start)
    const end = found === -1 ? text.length : found
    yield text.slice(start, end).trim()
    start = end + 1
  }
}

/** `# HELP name text` and `# TYPE name type`. */
function readComment(line: string, families: Map<string, OpenFamily>): void {
  const [, keyword, name, rest = ''] =
    /^#[ \t]+(HELP|TYPE)[ \t]+("(?:[^"\\]|\\.)*"|[^ \t]+)(?:[ \t]+(.*))?$/.exec(line) ?? []
  if (keyword === undefined || name === undefined) return
  const family = open(name.startsWith('"') ? unescaped(name.slice(1, -1)) : name, families)
  if (keyword === 'HELP') family.help = unescaped(rest)
  else family.type = rest.trim()
}

function open(name: string, families: Map<string, OpenFamily>): OpenFamily {
  const family = families.get(name) ?? { name, type: 'untyped', help: '', samples: [] }
  families.set(name, family)
  return family
}

/** The family of a sample: that of its name, or of its name without a suffix if a comment has named it. */
function familyOf(name: string, families: Map<string, OpenFamily>): OpenFamily {
  return families.get(name) ?? families.get(name.replace(SUFFIX, '')) ?? open(name, families)
}

/** `name{label="value"} 1 1700000000`, and what OpenMetrics adds after a `#`. Undefined for anything else. */
function readSample(line: string): MetricSample | undefined {
  const cursor = new Cursor(line)
  let name = cursor.take(/[a-zA-Z_:][a-zA-Z0-9_:]*/y)
  const labels: [string, string][] = []
  cursor.take(/[ \t]*/y)
  if (cursor.skip('{')) {
    // A name that is not an identifier is quoted, and stands between the braces.
    const quoted = readLabels(cursor, labels)
    if (quoted === undefined) return undefined
    if (quoted !== '') name = quoted
  }
  if (name === '') return undefined
  const id = line.slice(0, cursor.at).trim()
  const value = readValue(cursor.take(/[ \t]*[^ \t#{]+/y).trim())
  return value === undefined ? undefined : { id, name, labels, value }
}

/** Reads up to the closing brace. Returns the name among the labels, or an empty text; undefined if it is malformed. */
function readLabels(cursor: Cursor, labels: [string, string][]): string | undefined {
  let quotedName = ''
  for (;;) {
    cursor.take(/[ \t]*/y)
    if (cursor.skip('}')) return quotedName
    const quoted = cursor.quoted()
    const name = quoted ?? cursor.take(/[a-zA-Z_][a-zA-Z0-9_]*/y)
    cursor.take(/[ \t]*/y)
    if (cursor.skip('=')) {
      cursor.take(/[ \t]*/y)
      const value = cursor.quoted()
      if (value === undefined || name === '' || labels.length === MAX_LABELS) return undefined
      labels.push([name, value])
    } else if (quoted !== undefined && quotedName === '') quotedName = quoted
    else return undefined
    cursor.take(/[ \t]*/y)
    if (!cursor.skip(',') && !cursor.isAt('}')) return undefined
  }
}

function readValue(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text)
  switch (text.toLowerCase().replace('infinity', 'inf')) {
    case 'nan':
      return Number.NaN
    case 'inf':
    case '+inf':
      return Number.POSITIVE_INFINITY
    case '-inf':
      return Number.NEGATIVE_INFINITY
  }
  return undefined
}

/** A place in a line. */
class Cursor {
  readonly #line: string
  at = 0

  constructor(line: string) {
    this.#line = line
  }

  /** Takes what a sticky expression matches here; an empty text if nothing. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const [found = ''] = pattern.exec(this.#line) ?? []
    this.at += found.length
    return found
  }

  isAt(character: string): boolean {
    return this.#line[this.at] === character
  }

  skip(character: string): boolean {
    if (!this.isAt(character)) return false
    this.at += 1
    return true
  }

  /** Takes a text in quotes, and returns it without them; undefined if none is here. */
  quoted(): string | undefined {
    if (!this.isAt('"')) return undefined
    let end = this.at + 1
    while (end < this.#line.length && this.#line[end] !== '"') end += this.#line[end] === '\\' ? 2 : 1
    if (end >= this.#line.length) return undefined
    const text = this.#line.slice(this.at + 1, end)
    this.at = end + 1
    return unescaped(text)
  }
}

/** Other characters after a backslash stay as they are, as in Prometheus. */
function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\\"n])/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped)) : text
}
