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

/** A part that is only in the package or type of an entry. */
const SCOPE_POINTS = 15

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
    const parts = query
      .toLowerCase()
      .split(/[\s./]+/)
      .filter(Boolean)
      .map((part) => new NameMatcher(part))
    if (parts.length === 0) return { entries: [], total: 0 }
    const found: { entry: SearchEntry; points: number }[] = []
    for (const entry of this.#entries) {
      const points = pointsOf(entry, parts)
      if (points > 0) found.push({ entry, points })
    }
    found.sort((a, b) => b.points - a.points || (a.entry.name < b.entry.name ? -1 : 1))
    return { entries: found.slice(0, limit).map(({ entry }) => entry), total: found.length }
  }
}

/** Nothing unless all parts fit, one of them the name. */
function pointsOf(entry: SearchEntry, parts: readonly NameMatcher[]): number {
  let points = 0
  let isNamed = false
  for (const part of parts) {
    const match = part.match(entry.name, entry.lowerName)
    if (match !== MATCH.none) isNamed = true
    else if (!entry.lowerScope.includes(part.part)) return 0
    points += match === MATCH.none ? SCOPE_POINTS : match
  }
  return isNamed ? points + KIND_POINTS[entry.kind] - Math.min(entry.name.length, 40) / 10 : 0
}
