/** The options of a named health check, validated once. */

/**
 * What the failure of a check means:
 * - `fatal`: only a restart helps. As `critical`, and `/livez` fails too.
 * - `critical`: calls cannot be served. Health says NOT_SERVING, and `/readyz` fails.
 * - `minor`: the server does without. The check only shows.
 */
export type HealthCheckWeight = 'fatal' | 'critical' | 'minor'

/** A named health check. */
export interface HealthCheckOptions {
  /**
   * Checks one thing the server depends on. Passes if it returns anything but `false`; fails if it returns `false`, throws, or takes
   * longer than `timeoutMs`. It may be async; `signal` aborts at the timeout and when the server closes.
   */
  readonly check: (signal: AbortSignal) => unknown
  /** From the end of a run to the start of the next, in milliseconds. Default 10,000, range 100 to 86,400,000. */
  readonly intervalMs?: number
  /** How long a run may take, in milliseconds. Default 5,000, range 1 to 86,400,000. */
  readonly timeoutMs?: number
  /** What its failure means. Default: `critical`. */
  readonly weight?: HealthCheckWeight
  /**
   * The full names of the services that depend on it: only they become NOT_SERVING. Names that are not set are set to SERVING.
   * Default: the whole server, with all its services.
   */
  readonly services?: readonly string[]
  /** What counts until the first run ends. With `failing` the server has not started until then. Default: `failing`. */
  readonly startsAs?: 'passing' | 'failing'
}

/** The complete options. */
export interface ResolvedHealthCheck {
  readonly check: (signal: AbortSignal) => unknown
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly weight: HealthCheckWeight
  /** Undefined for the whole server. */
  readonly services: ReadonlySet<string> | undefined
  readonly startsAs: 'passing' | 'failing'
}

const NAMES: ReadonlySet<string> = new Set([
  'check',
  'intervalMs',
  'timeoutMs',
  'weight',
  'services',
  'startsAs',
] satisfies (keyof HealthCheckOptions)[])

const WEIGHTS: readonly HealthCheckWeight[] = ['fatal', 'critical', 'minor']
const STARTS: readonly ResolvedHealthCheck['startsAs'][] = ['passing', 'failing']
const DEFAULT_INTERVAL_MS = 10_000
const MIN_INTERVAL_MS = 100
const DEFAULT_TIMEOUT_MS = 5_000
const MAX_MS = 86_400_000

/** Names stand in URLs, JSON and log lines. */
const NAME = /^[\w.:/-]{1,100}$/

/**
 * Completes and checks the options of a check.
 *
 * @throws RangeError that names the check and every option that is unknown or not valid
 */
export function normalizeHealthCheck(name: string, options: HealthCheckOptions): ResolvedHealthCheck {
  if (!NAME.test(name)) {
    throw new RangeError(`health check "${name}": its name must have 1 to 100 letters, digits and . _ - : /`)
  }
  if (typeof options !== 'object' || options === null) {
    throw new RangeError(`health check "${name}" must be an object: { check: (signal) => ... }`)
  }
  const { check, intervalMs = DEFAULT_INTERVAL_MS, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const { weight = 'critical', services, startsAs = 'failing' } = options
  const faults = Object.keys(options)
    .filter((key) => !NAMES.has(key))
    .map((key) => `${key} is unknown: use ${[...NAMES].join(', ')}`)
  if (typeof check !== 'function') faults.push('check must be a function')
  if (!isWithin(intervalMs, MIN_INTERVAL_MS)) faults.push(rangeFault('intervalMs', intervalMs, MIN_INTERVAL_MS))
  if (!isWithin(timeoutMs, 1)) faults.push(rangeFault('timeoutMs', timeoutMs, 1))
  if (!WEIGHTS.includes(weight)) faults.push(`weight is ${String(weight)}: it must be one of ${WEIGHTS.join(', ')}`)
  if (!STARTS.includes(startsAs)) faults.push(`startsAs is ${String(startsAs)}: it must be one of ${STARTS.join(', ')}`)
  if (services !== undefined && !isListOfNames(services)) faults.push('services must be an array of names, not empty')
  if (faults.length > 0) throw new RangeError(`health check "${name}": ${faults.join('; ')}`)
  return Object.freeze({ check, intervalMs, timeoutMs, weight, services: services && new Set(services), startsAs })
}

function isWithin(ms: number, least: number): boolean {
  return Number.isInteger(ms) && ms >= least && ms <= MAX_MS
}

function rangeFault(name: string, ms: number, least: number): string {
  return `${name} is ${String(ms)}: it must be a whole number from ${least} to ${MAX_MS}`
}

function isListOfNames(services: readonly string[]): boolean {
  return Array.isArray(services) && services.length > 0 && services.every((service) => typeof service === 'string')
}
