/** The differences that are meant to be, as data. */
import type { Aspect, RestDifference } from './compare-rest.ts'

/** A difference that is expected. */
export interface KnownDifference<Name extends string> {
  /** It is expected of requests with one of these oddities; null stands for ordinary requests. */
  readonly oddities: readonly (Name | null)[]
  readonly aspect: Aspect
  /** The status of each side, if that is what differs. Default: any. */
  readonly ours?: number
  readonly theirs?: number
  /** Why it stays: one line of the report. */
  readonly reason: string
}

/** Returns the entry that covers a difference of a request with this oddity. */
export function knownDifference<Name extends string>(
  known: readonly KnownDifference<Name>[],
  oddity: Name | null,
  { aspect, ours, theirs }: RestDifference,
): KnownDifference<Name> | undefined {
  return known.find(
    (entry) =>
      entry.oddities.includes(oddity) &&
      entry.aspect === aspect &&
      (entry.ours ?? ours) === ours &&
      (entry.theirs ?? theirs) === theirs,
  )
}
