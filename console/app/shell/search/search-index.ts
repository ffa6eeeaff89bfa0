/** The search over an API. */
import type { Api } from '../../api/api.ts'
import { MATCH, NameMatcher } from './name-matcher.ts'
import { type SearchEntry, searchEntries } from './search-entries.ts'

/** What a search finds. */
export interface SearchResult {
  /** The best first, no more than asked for. */
  readonly entries: readonly SearchEntry[]
  /** How many there are. */
  readonly total: number
}

/** Of entries that fit as well, those of a kind that is looked for more often come first. */
const KIND_POINTS = { method: 6, service: 5, message: 4, enum: 3, field: 1, value: 0 } as const

/** Names are shorter. A text that was pasted by mistake must not keep the page busy. */
const LONGEST_QUERY = 500

/** A part that is in the package or type of an entry. As a whole name it is worth more than in the name: Order.Line is not OrderLine. */
const SCOPE_POINTS = { whole: 90, inside: 15, none: 0 } as const

/** The declarations of an API, collected a few at a time so that the page stays responsive. */
export class SearchIndex {
  readonly #entries: SearchEntry[] = []
  readonly #source: Iterator<SearchEntry>
  #isComplete = false

  constructor(api: Api) {
    this.#source = searchEntries(api)
  }

  /** Collects up to a number of entries. Returns whether there are more. */
  collect(count = Number.POSITIVE_INFINITY): boolean {
    for (let collected = 0; collected < count && !this.#isComplete; collected += 1) {
      const next = this.#source.next()
      if (next.done === true) this.#isComplete = true
      else this.#entries.push(next.value)
    }
    return !this.#isComplete
  }

  /** Returns what fits all words of a query. Dots and slashes separate words too. */
  find(query: string, limit: number): SearchResult {
    this.collect()
    const parts = partsOf(query).map((part) => new NameMatcher(part))
    if (parts.length === 0) return { entries: [], total: 0 }
    const found: { entry: SearchEntry; points: number }[] = []
    for (const entry of this.#entries) {
      const points = pointsOf(entry, parts)
      if (points > 0) found.push({ entry, points })
    }
    found.sort((a, b) => b.points - a.points || compareTexts(a.entry.name, b.entry.name))
    return { entries: found.slice(0, limit).map(({ entry }) => entry), total: found.length }
  }
}

/** Nothing unless all parts fit, one of them the name. */
function pointsOf(entry: SearchEntry, parts: readonly NameMatcher[]): number {
  let points = 0
  let isNamed = false
  for (const part of parts) {
    const match = part.match(entry.name, entry.lowerName)
    const best = Math.max(match, scopePoints(entry.lowerScope, part.part))
    if (best === 0) return 0
    if (match !== MATCH.none) isNamed = true
    points += best
  }
  return isNamed ? points + KIND_POINTS[entry.kind] - Math.min(entry.name.length, 40) / 10 : 0
}

/** Splits a query into its words, without repeated ones. */
function partsOf(query: string): string[] {
  const parts = query
    .slice(0, LONGEST_QUERY)
    .toLowerCase()
    .split(/[\s./]+/)
  return [...new Set(parts.filter(Boolean))]
}

function scopePoints(scope: string, part: string): number {
  let best: number = SCOPE_POINTS.none
  for (let at = scope.indexOf(part); at !== -1; at = scope.indexOf(part, at + 1)) {
    const end = at + part.length
    if ((at === 0 || scope[at - 1] === '.') && (end === scope.length || scope[end] === '.')) return SCOPE_POINTS.whole
    best = SCOPE_POINTS.inside
  }
  return best
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
