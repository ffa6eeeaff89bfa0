/** Native lanes for tests, which record the outcomes of requests. */
import type { ConnectRouter } from '@connectrpc/connect'
import { ObserverList } from '../../server/observing/observer-list.ts'
import { collectRoutes, typeRegistryOf } from '../../server/rpc/collect-routes.ts'
import { createNativeLane, type NativeLane, type NativeLaneOptions } from '../../server/rpc/native-lane.ts'
import { STANDARD_PROTOCOLS } from '../../server/rpc/standard-protocols.ts'
import type { CallEnd, CallObserver, CallStart } from '../../wire/call-observer.ts'

/** The outcome of a request, and its start. */
export type ObservedEnd = CallEnd & Pick<CallStart, 'protocol' | 'path' | 'method'>

/** A lane, and what it has reported so far. */
export interface ObservedLane {
  readonly lane: NativeLane
  /** The outcomes of requests, in order of their end. */
  readonly ends: readonly ObservedEnd[]
  /** The logged errors; the owner of the lane adds its own. */
  readonly faults: object[]
}

/** As for a plugin without options, except for what the test sets. */
export function createObservedLane(
  routes: (router: ConnectRouter) => void,
  options: Partial<NativeLaneOptions> = {},
): ObservedLane {
  const ends: ObservedEnd[] = []
  const faults: object[] = []
  const observers = new ObserverList()
  const observer: CallObserver = {
    onStart: ({ protocol, path, method }) => ({ onEnd: (end) => void ends.push({ ...end, protocol, path, method }) }),
  }
  observers.add([observer], (thrown) => faults.push({ err: thrown }))
  const collected = collectRoutes(routes)
  const lane = createNativeLane(collected, {
    protocols: STANDARD_PROTOCOLS,
    switches: {},
    interceptors: [],
    requestGate: undefined,
    maxReceiveBytes: 4_194_304,
    maxSendBytes: 2_147_483_647,
    maxTimeoutMs: 86_400_000,
    shutdownSignal: new AbortController().signal,
    registry: typeRegistryOf(collected.services),
    log: { error: (fields) => faults.push(fields) },
    observers,
    ...options,
  })
  return { lane, ends, faults }
}
