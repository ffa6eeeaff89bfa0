/** The options of an adaptive limit. */
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import type { PriorityOptions } from './call-priority.ts'
import { type ProcessTimes, readProcessTimes } from './load-watch.ts'

/** The options of `adaptiveLimit`. */
export interface AdaptiveLimitOptions {
  /** The limit is never lower. A whole number from 1 to `maxConcurrencyLimit`. Default: 3. */
  readonly minConcurrencyLimit?: number
  /** The limit is never higher. A whole number up to 1,000,000. Default: 1000. */
  readonly maxConcurrencyLimit?: number
  /** The event loop is overloaded from this share of busy time, measured over 300 ms. From 0.1 to 1. Default: 0.9. */
  readonly maxLoopUtilization?: number
  /**
   * The process is overloaded from this share of the processors that it may use, measured over 300 ms: worker threads may overload a
   * process whose event loop is idle. From 0.1 to 1. Default: 0.95.
   */
  readonly maxCpu?: number
  /** How much longer than without load calls may take, as a share of that time. From 0 to 100. Default: 0.5. */
  readonly tolerance?: number
  /** How long calls may wait at least, in milliseconds from 1 to 10,000, however short they are. Default: 10. */
  readonly targetDelayMs?: number
  /** When refused clients may try again, on average, in milliseconds from 1 to 3,600,000. Default: 500. */
  readonly retryAfterMs?: number
  /** Which calls are refused first. Default: all alike. */
  readonly priority?: PriorityOptions
  /** What the limit measures with. For tests and simulations. Default: this process. */
  readonly runtime?: AdaptiveLimitRuntime
}

/** What an adaptive limit measures with. */
export interface AdaptiveLimitRuntime {
  /** Milliseconds, on the clock of the calls' `startedAtMs`. */
  readonly now: () => number
  readonly readTimes: () => ProcessTimes
  /** Calls back at the end of the turn of the event loop. */
  readonly onTurnEnd: (callback: () => void) => void
  /** From 0 to 1, without 1. */
  readonly random: () => number
}

/** Complete and valid. */
export type ResolvedAdaptiveLimit = Required<AdaptiveLimitOptions>

const PRIORITY_SHAPE: OptionShape = {
  kinds: {
    ofMethod: ['function'],
    header: ['string'],
    trustHeader: ['boolean', 'function'],
  } satisfies OptionKinds<PriorityOptions>,
}

const SHAPE: OptionShape = {
  kinds: {
    minConcurrencyLimit: ['number'],
    maxConcurrencyLimit: ['number'],
    maxLoopUtilization: ['number'],
    maxCpu: ['number'],
    tolerance: ['number'],
    targetDelayMs: ['number'],
    retryAfterMs: ['number'],
    priority: ['object'],
    runtime: ['object'],
  } satisfies OptionKinds<AdaptiveLimitOptions>,
  nested: { priority: PRIORITY_SHAPE },
}

const MOST_CALLS = 1_000_000

const THIS_PROCESS: AdaptiveLimitRuntime = {
  now: () => performance.now(),
  readTimes: readProcessTimes,
  onTurnEnd: (callback) => void setImmediate(callback),
  random: Math.random,
}

const DEFAULTS: ResolvedAdaptiveLimit = {
  minConcurrencyLimit: 3,
  maxConcurrencyLimit: 1_000,
  maxLoopUtilization: 0.9,
  maxCpu: 0.95,
  tolerance: 0.5,
  targetDelayMs: 10,
  retryAfterMs: 500,
  priority: {},
  runtime: THIS_PROCESS,
}

/**
 * Completes and checks the options.
 *
 * @throws RangeError that names every fault
 */
export function resolveAdaptiveLimit(options: AdaptiveLimitOptions): ResolvedAdaptiveLimit {
  checkOptions('adaptiveLimit', options, SHAPE)
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const resolved: ResolvedAdaptiveLimit = { ...DEFAULTS, ...given }
  const faults = faultsOf(resolved)
  if (faults.length > 0) throw new RangeError(`adaptiveLimit: ${faults.join('; ')}`)
  return Object.freeze(resolved)
}

function faultsOf(options: ResolvedAdaptiveLimit): string[] {
  const { minConcurrencyLimit, maxConcurrencyLimit } = options
  const ranges = [
    ['maxConcurrencyLimit', 1, MOST_CALLS],
    ['minConcurrencyLimit', 1, Math.max(1, maxConcurrencyLimit)],
    ['maxLoopUtilization', 0.1, 1],
    ['maxCpu', 0.1, 1],
    ['tolerance', 0, 100],
    ['targetDelayMs', 1, 10_000],
    ['retryAfterMs', 1, 3_600_000],
  ] as const
  const faults = ranges
    .filter(([name, from, to]) => !(options[name] >= from && options[name] <= to))
    .map(([name, from, to]) => `${name} is ${options[name]}: it must be from ${from} to ${to}`)
  for (const [name, limit] of Object.entries({ minConcurrencyLimit, maxConcurrencyLimit }))
    if (!Number.isInteger(limit)) faults.push(`${name} is ${limit}: it must be a whole number`)
  return faults
}
