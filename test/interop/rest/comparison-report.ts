/** Counts what a comparison of transcoders finds. */
import { inspect, isDeepStrictEqual } from 'node:util'
import type { RestDifference } from './compare-rest.ts'
import type { RestRequest } from './generate-requests.ts'

/** The differences that a failure describes; the others are only counted. */
const MAX_DESCRIBED = 12
const MAX_TEXT = 600

/** The figures of a comparison. */
export class ComparisonReport {
  #equal = 0
  readonly #known = new Map<string, number>()
  readonly #unknown: string[] = []

  /** @param reason why the difference stays; undefined if nothing says so */
  add(request: RestRequest<string>, difference: RestDifference | null, reason: string | undefined): void {
    if (difference === null) this.#equal += 1
    else if (reason === undefined) this.#unknown.push(describe(request, difference))
    else this.#known.set(reason, (this.#known.get(reason) ?? 0) + 1)
  }

  /** Writes one line per reason. Throws if a difference has none. */
  finish(): void {
    process.stdout.write(`        ${this.#equal} equal\n`)
    const rows = [...this.#known].sort(([, a], [, b]) => b - a)
    for (const [reason, times] of rows) process.stdout.write(`        ${times} ${reason}\n`)
    const { length } = this.#unknown
    if (length === 0) return
    throw new Error(`${length} differences are not in the list:\n${this.#unknown.slice(0, MAX_DESCRIBED).join('\n')}`)
  }
}

function describe({ verb, target, headers, body, oddity }: RestRequest<string>, difference: RestDifference): string {
  const [ours, theirs] = withoutEqualParts(difference.ours, difference.theirs)
  return [
    `  ${oddity ?? 'ordinary'}: ${shortened(`${verb} ${target} ${JSON.stringify(headers)} ${body ?? ''}`)}`,
    `    ${difference.aspect} here: ${shortened(shown(ours))}`,
    `    ${difference.aspect} there: ${shortened(shown(theirs))}`,
  ].join('\n')
}

/** Leaves only what differs of two objects, at any depth. */
export function withoutEqualParts(a: unknown, b: unknown): readonly [unknown, unknown] {
  if (!isObject(a) || !isObject(b)) return [a, b]
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  const parts = [...names].flatMap((name) =>
    isDeepStrictEqual(a[name], b[name]) ? [] : [[name, withoutEqualParts(a[name], b[name])] as const],
  )
  return [
    Object.fromEntries(parts.map(([name, [ours]]) => [name, ours])),
    Object.fromEntries(parts.map(([name, [, theirs]]) => [name, theirs])),
  ]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function shown(value: unknown): string {
  return inspect(value, { depth: null, breakLength: Number.POSITIVE_INFINITY, compact: true })
}

function shortened(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}...`
}
