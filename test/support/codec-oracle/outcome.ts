/** What becomes of one input: a result, or an error. */
import { Code, ConnectError } from '@connectrpc/connect'
import { findDifference, type SharedObjects, show } from './find-difference.ts'

/** A result, or the error instead of it. */
export type Outcome = { readonly value: unknown; readonly error?: never } | { readonly error: unknown }

/** Two codecs that make different things of one input. */
export class CodecDifference extends Error {
  /** @param input the input as text */
  constructor(what: string, difference: string, input: string) {
    super(`${what}: ${difference}\n  input: ${input}`)
    this.name = 'CodecDifference'
  }
}

/** Runs one codec. */
export function outcomeOf(run: () => unknown): Outcome {
  try {
    return { value: run() }
  } catch (error) {
    return { error }
  }
}

/**
 * Returns how two outcomes differ, or null: the results must be the same, or both errors. The texts of errors may differ.
 */
export function differenceOf(ours: Outcome, theirs: Outcome, shared?: SharedObjects): string | null {
  const [one, other] = [summaryOf(ours), summaryOf(theirs)]
  if (one !== other) return `${describe(ours)} instead of ${describe(theirs)}`
  if ('error' in ours || 'error' in theirs) return null
  return findDifference(ours.value, theirs.value, shared)
}

/** Whether there is a result, or of which kind the error is. */
function summaryOf(outcome: Outcome): 'result' | 'over budget' | 'error' {
  if (!('error' in outcome)) return 'result'
  const { error } = outcome
  return error instanceof ConnectError && error.code === Code.ResourceExhausted ? 'over budget' : 'error'
}

function describe(outcome: Outcome): string {
  if (!('error' in outcome)) return `the result ${show(outcome.value)}`
  return `${summaryOf(outcome)} "${outcome.error instanceof Error ? outcome.error.message : outcome.error}"`
}
