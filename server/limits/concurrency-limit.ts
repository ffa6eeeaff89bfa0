/** Limits concurrent calls to a fixed number. */
import type { DescMethod } from '@bufbuild/protobuf'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import type { Admission, AdmissionControl, AdmissionRequest } from '../rpc/admission.ts'
import type { Middleware } from '../rpc/middleware.ts'
import { isStandardService } from '../rpc/standard-service.ts'
import { limitMetrics } from './limit-metrics.ts'
import { pushback } from './pushback.ts'
import { workerShare } from './worker-share.ts'

/** The options of {@link concurrencyLimit}: `max`, `perMethod` or both. */
export interface ConcurrencyLimitOptions {
  /** The most calls at once, of all methods together. A whole number from 1. Default: no limit. */
  readonly max?: number
  /** The most calls at once of each method. A whole number from 1. Default: no limit. */
  readonly perMethod?: number
  /** For metrics and lists; several limits need several names there. Default: `concurrencyLimit`. */
  readonly name?: string
  /** When refused clients may try again, on average, in milliseconds from 1 to 3,600,000. Default: 500. */
  readonly retryAfterMs?: number
}

/** A limit of concurrency, for the option `middleware`. */
export interface ConcurrencyLimit extends Middleware {
  readonly state: ConcurrencyLimitState
}

/** What a limit of concurrency does now. Read it at any time. */
export interface ConcurrencyLimitState {
  /** `max`, or the share of this worker in it; undefined if only each method is limited. */
  readonly limit: number | undefined
  /** The calls in flight. */
  readonly inFlight: number
  /** The calls that were refused since the start. */
  readonly shed: number
}

const SHAPE: OptionShape = {
  kinds: {
    max: ['number'],
    perMethod: ['number'],
    name: ['string'],
    retryAfterMs: ['number'],
  } satisfies OptionKinds<ConcurrencyLimitOptions>,
}

/**
 * Refuses calls above a number of concurrent calls with UNAVAILABLE, as gRPC clients expect of a full server: another server may take
 * the call (gRFC A32 has the same code for limits in the client). A call counts until its response is over and its handler has
 * returned, and a stream until it ends. Nothing is queued; HTTP/2 has a queue of its own, the streams that clients may open.
 *
 *     select({ method: 'CreateReport' }, concurrencyLimit({ max: 4 }))
 *
 * Health, reflection, channelz and admin services are not limited. With workers the limits count for the machine, divided between them.
 *
 * @throws RangeError that names every option that is not valid
 */
export function concurrencyLimit(options: ConcurrencyLimitOptions): ConcurrencyLimit {
  checkOptions('concurrencyLimit', options, SHAPE)
  assertRanges(options)
  const { name = 'concurrencyLimit', retryAfterMs = 500 } = options
  const { max = Number.POSITIVE_INFINITY, perMethod = Number.POSITIVE_INFINITY } = options
  const limits = { max, perMethod }
  let isDivided = false
  const refusal = pushback({ message: 'too many concurrent calls', retryAfterMs })
  const all = new CallCounter(undefined)
  const counters = new Map<DescMethod, CallCounter>()
  const state = {
    get limit() {
      return limits.max === Number.POSITIVE_INFINITY ? undefined : limits.max
    },
    shed: 0,
    get inFlight() {
      return all.count
    },
  }
  const admission: AdmissionControl = {
    admit({ method }: AdmissionRequest): Admission {
      const counter = counters.get(method) ?? new CallCounter(all)
      counters.set(method, counter)
      if (all.count >= limits.max || counter.count >= limits.perMethod) {
        state.shed += 1
        throw refusal()
      }
      counter.start()
      return counter
    },
  }
  return {
    name,
    state,
    metricSources: limitMetrics(name, () => ({ ...state, refused: state.shed })),
    admission,
    appliesTo: ({ parent }) => !isStandardService(parent.typeName),
    async prepare({ worker, log }) {
      if (worker === undefined || isDivided) return
      isDivided = true
      for (const part of ['max', 'perMethod'] as const) {
        const limit = limits[part]
        if (Number.isFinite(limit)) limits[part] = await workerShare(worker, { name: `${name}: ${part}`, limit, log })
      }
    },
  }
}

/** The calls of a method, which are some of all calls. All calls share it as their admission. */
class CallCounter implements Admission {
  count = 0
  readonly #all: CallCounter | undefined

  constructor(all: CallCounter | undefined) {
    this.#all = all
  }

  start(): void {
    this.count += 1
    this.#all?.start()
  }

  end(): void {
    this.count -= 1
    this.#all?.end()
  }
}

function assertRanges({ max, perMethod, retryAfterMs }: ConcurrencyLimitOptions): void {
  const faults: string[] = []
  if (max === undefined && perMethod === undefined) faults.push('one of max and perMethod is needed')
  for (const [name, limit] of Object.entries({ max, perMethod }))
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1))
      faults.push(`${name} is ${limit}: it must be a whole number from 1`)
  if (retryAfterMs !== undefined && !(retryAfterMs >= 1 && retryAfterMs <= 3_600_000))
    faults.push(`retryAfterMs is ${retryAfterMs}: it must be from 1 to 3600000`)
  if (faults.length > 0) throw new RangeError(`concurrencyLimit: ${faults.join('; ')}`)
}
