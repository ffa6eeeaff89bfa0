/** Limits concurrent calls, so that a slow server does not fill the memory of its clients. */
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { watchCall } from './watch-call.ts'

/** The limit of concurrent calls. */
export interface MaxCallsInFlightOptions {
  /** The most concurrent calls; a stream counts until it ends. A whole number from 1. Default: 1024 (gRFC A32). */
  readonly maxCalls?: number
}

const SHAPE: OptionShape = { kinds: { maxCalls: ['number'] } satisfies OptionKinds<MaxCallsInFlightOptions> }

/**
 * Returns an interceptor that limits the calls of all transports that share it. A call above the limit fails at once with
 * UNAVAILABLE. It is not retried, as only the end of another call makes room.
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
    if (calls >= maxCalls) throw new ConnectError(`limit of ${maxCalls} concurrent calls reached`, Code.Unavailable)
    calls += 1
    return watchCall(next, request, leave)
  }
}
