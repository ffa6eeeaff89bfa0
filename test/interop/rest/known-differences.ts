/** The differences between transcoders that are meant to be, as data. */
import type { Aspect, RestDifference } from './compare-rest.ts'
import type { RestRequest } from './generate-requests.ts'

/** A difference that is expected of some requests. Conditions that are left out hold for all. */
export interface KnownDifference<Name extends string> {
  /** Why it stays: one line of the report. */
  readonly reason: string
  /** What the request has of unusual: one of these. */
  readonly oddities?: readonly Name[]
  /** The path templates of the rule. */
  readonly rules?: RegExp
  /** The path and the query. */
  readonly target?: RegExp
  readonly body?: RegExp
  /** The part that differs. */
  readonly aspect: Aspect
  /** The statuses of both sides. */
  readonly ours?: number
  readonly theirs?: number
}

/** Returns the entry that covers a difference. */
export function knownDifference<Name extends string>(
  known: readonly KnownDifference<Name>[],
  request: RestRequest<Name>,
  difference: RestDifference,
): KnownDifference<Name> | undefined {
  return known.find((entry) => fitsRequest(entry, request) && fitsDifference(entry, difference))
}

function fitsRequest<Name extends string>(
  { oddities, rules, target, body }: KnownDifference<Name>,
  request: RestRequest<Name>,
): boolean {
  return (
    (oddities === undefined || (request.oddity !== null && oddities.includes(request.oddity))) &&
    (rules === undefined || rules.test(templateOf(request))) &&
    (target === undefined || target.test(request.target)) &&
    (body === undefined || body.test(request.body ?? ''))
  )
}

function fitsDifference<Name extends string>(entry: KnownDifference<Name>, difference: RestDifference): boolean {
  return (
    entry.aspect === difference.aspect &&
    (entry.ours === undefined || entry.ours === difference.statuses.ours) &&
    (entry.theirs === undefined || entry.theirs === difference.statuses.theirs)
  )
}

function templateOf<Name extends string>({ rule: { pattern } }: RestRequest<Name>): string {
  if (pattern.case === 'custom') return pattern.value.path
  return pattern.value ?? ''
}
