/** A native lane without transports: calls go in as headers and bytes, and come out as `MemoryExchange`s. */
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf'
import { create, toBinary } from '@bufbuild/protobuf'
import type { ConnectRouter } from '@connectrpc/connect'
import type { NativeLaneOptions } from '../../server/rpc/native-lane.ts'
import { EnvelopeFlag, envelop } from '../../wire/envelope.ts'
import { TimerWheel } from '../../wire/http2/http2.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryExchange, type MemoryHead } from './memory-exchange.ts'
import { createObservedLane, type ObservedLane } from './observed-lane.ts'

/** A lane with manual time. */
export interface LaneBench extends ObservedLane {
  readonly clock: ManualClock
  readonly timers: TimerWheel
  readonly shutdown: AbortController
  /** Starts a request that arrived `ageMs` ago (default 0). `prepare` runs on the exchange first. */
  request(head: MemoryHead, ageMs?: number, prepare?: (exchange: MemoryExchange) => void): MemoryExchange
}

/** Options override the bench's own, which are those of a plugin without any. */
export function createLaneBench(
  routes: (router: ConnectRouter) => void,
  options: Partial<NativeLaneOptions> = {},
): LaneBench {
  const clock = new ManualClock()
  const timers = new TimerWheel(clock)
  const shutdown = new AbortController()
  const observed = createObservedLane(routes, { shutdownSignal: shutdown.signal, timers, ...options })
  function request(head: MemoryHead, ageMs = 0, prepare?: (exchange: MemoryExchange) => void): MemoryExchange {
    const exchange = new MemoryExchange(head, { openedAtMs: clock.now() - ageMs })
    prepare?.(exchange)
    observed.lane.accept(exchange)
    return exchange
  }
  return { ...observed, clock, timers, shutdown, request }
}

/** The headers of a gRPC call. */
export function grpcHead(path: string, fields: MemoryHead['fields'] = []): MemoryHead {
  return { path, fields: [['content-type', 'application/grpc'], ['te', 'trailers'], ...fields] }
}

/** A message in its envelope. */
export function enveloped<Desc extends DescMessage>(desc: Desc, init: MessageInitShape<Desc>): Buffer {
  return envelop(EnvelopeFlag.NONE, toBinary(desc, create(desc, init)))
}
