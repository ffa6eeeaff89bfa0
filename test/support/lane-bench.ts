/** A native lane without transports: calls go in as heads and octets, and come out as `MemoryExchange`s. */
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf'
import { create, toBinary } from '@bufbuild/protobuf'
import type { ConnectRouter } from '@connectrpc/connect'
import type { CallEnd } from '../../server/rpc/call.ts'
import { collectRoutes } from '../../server/rpc/collect-routes.ts'
import { createNativeLane, type NativeLane, type NativeLaneOptions } from '../../server/rpc/native-lane.ts'
import { typeRegistryOf } from '../../server/rpc/type-registry.ts'
import { EnvelopeFlag, envelop } from '../../wire/envelope.ts'
import { TimerWheel } from '../../wire/http2/http2.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryExchange, type MemoryHead } from './memory-exchange.ts'

/** A lane whose time stands still. */
export interface LaneBench {
  readonly lane: NativeLane
  readonly clock: ManualClock
  readonly timers: TimerWheel
  readonly shutdown: AbortController
  /** How requests ended. */
  readonly ends: readonly CallEnd[]
  /** What was logged. */
  readonly faults: readonly object[]
  /** Starts a request, which came `ageMs` ago (default 0). What `prepare` does to the exchange, it does before. */
  request(head: MemoryHead, ageMs?: number, prepare?: (exchange: MemoryExchange) => void): MemoryExchange
}

/** Options go before the bench's own, which are those of a plugin without any. */
export function createLaneBench(
  routes: (router: ConnectRouter) => void,
  options: Partial<NativeLaneOptions> = {},
): LaneBench {
  const clock = new ManualClock()
  const timers = new TimerWheel(clock)
  const shutdown = new AbortController()
  const ends: CallEnd[] = []
  const faults: object[] = []
  const collected = collectRoutes(routes)
  const lane = createNativeLane(collected, {
    protocols: { grpc: true, grpcWeb: true, connect: true },
    interceptors: [],
    requestGate: undefined,
    maxReceiveBytes: 4_194_304,
    maxSendBytes: 2_147_483_647,
    maxTimeoutMs: 86_400_000,
    shutdownSignal: shutdown.signal,
    registry: typeRegistryOf(collected.services),
    log: { error: (fields) => faults.push(fields) },
    onEnd: (end) => ends.push(end),
    timers,
    ...options,
  })
  function request(head: MemoryHead, ageMs = 0, prepare?: (exchange: MemoryExchange) => void): MemoryExchange {
    const exchange = new MemoryExchange(head, { openedAtMs: clock.now() - ageMs })
    prepare?.(exchange)
    lane.accept(exchange)
    return exchange
  }
  return { lane, clock, timers, shutdown, ends, faults, request }
}

/** The head of a gRPC call. */
export function grpcHead(path: string, fields: MemoryHead['fields'] = []): MemoryHead {
  return { path, fields: [['content-type', 'application/grpc'], ['te', 'trailers'], ...fields] }
}

/** A message in its envelope. */
export function enveloped<Desc extends DescMessage>(desc: Desc, init: MessageInitShape<Desc>): Buffer {
  return envelop(EnvelopeFlag.NONE, toBinary(desc, create(desc, init)))
}
