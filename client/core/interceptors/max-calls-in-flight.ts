/** Bounds the calls that are under way, so that a slow server does not fill the memory of its clients. */
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { watchCall } from './watch-call.ts'

/** How many calls there may be. */
export interface MaxCallsInFlightOptions {
  /** Calls under way at a time; a stream is one until it ends. A whole number from 1. Default 1024 (gRFC A32). */
  readonly maxCalls?: number
}

const SHAPE: OptionShape = { kinds: { maxCalls: ['number'] } satisfies OptionKinds<MaxCallsInFlightOptions> }

/**
 * An interceptor for the transports that share the bound. A call above it fails at once with UNAVAILABLE; it is not retried,
 * since nothing but the end of another call would help it.
 *
 *     createTransport({ baseUrl, interceptors: [maxCallsInFlight({ maxCalls: 100 })] })
 *
 * @throws RangeError naming the option, its value and its range
 */
export function maxCallsInFlight(options: MaxCallsInFlightOptions = {}): Interceptor {
  checkOptions('maxCallsInFlight', options, SHAPE)
  const { maxCalls = 1024 } = options
  if (!Number.isSafeInteger(maxCalls) || maxCalls < 1) {
    throw new RangeError(`maxCalls is ${maxCalls}, and must be a whole number from 1`)
  }
  let calls = 0
  const leave = (): void => {
    calls -= 1
  }
  return (next) => async (request) => {
    if (calls >= maxCalls) throw new ConnectError(`${calls} calls are in flight, as many as may be`, Code.Unavailable)
    calls += 1
    return watchCall(next, request, leave)
  }
}
