/** Exponential backoff with jitter: how long to wait before the next attempt. */
import type { OptionKinds, OptionShape } from '../../wire/options/check-options.ts'

/** How delays grow. The fields are named as in gRPC's connection backoff. */
export interface Backoff {
  /** The delay before the first retry, in milliseconds. From 1 to `maxMs`. */
  readonly initialMs: number
  /** The longest delay before jitter, in milliseconds. Up to a day. */
  readonly maxMs: number
  /** The factor from one delay to the next. From 1 to 10. */
  readonly multiplier: number
  /** The share by which each delay varies at random, so that clients do not retry in step. From 0 to 1. */
  readonly jitter: number
}

/** Fast enough for a person at a screen, slow enough for a server that restarts with many clients. */
export const DEFAULT_BACKOFF: Backoff = Object.freeze({ initialMs: 500, maxMs: 15_000, multiplier: 1.6, jitter: 0.2 })

/** The names of the fields. */
export const BACKOFF_SHAPE: OptionShape = {
  kinds: {
    initialMs: ['number'],
    maxMs: ['number'],
    multiplier: ['number'],
    jitter: ['number'],
  } satisfies OptionKinds<Backoff>,
}

const DAY_MS = 86_400_000

/**
 * Fills in the defaults.
 *
 * @throws RangeError naming the field, its value and its range
 */
export function normalizeBackoff(init: Partial<Backoff> = {}): Backoff {
  const backoff = { ...DEFAULT_BACKOFF, ...init }
  assertInRange('maxMs', backoff.maxMs, 1, DAY_MS)
  assertInRange('initialMs', backoff.initialMs, 1, backoff.maxMs)
  assertInRange('multiplier', backoff.multiplier, 1, 10)
  assertInRange('jitter', backoff.jitter, 0, 1)
  return Object.freeze(backoff)
}

/**
 * Returns the delay before a retry, in whole milliseconds.
 *
 * @param failures how many attempts have failed in a row; 1 after the first
 * @param random returns a number from 0 to below 1
 */
export function backoffDelayMs(backoff: Backoff, failures: number, random: () => number): number {
  const grownMs = Math.min(backoff.maxMs, backoff.initialMs * backoff.multiplier ** (failures - 1))
  return Math.round(grownMs * (1 + backoff.jitter * (2 * random() - 1)))
}

function assertInRange(name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return
  throw new RangeError(`backoff.${name} is ${value}: it must be from ${min} to ${max}`)
}
