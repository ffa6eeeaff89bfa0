/** Picks endpoints by their position on the ring. */
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import { type Picker, type PickInfo, type PickResult, QUEUE } from '../../contracts/picker.ts'
import type { EndpointChild } from '../endpoint-children/endpoint-child.ts'
import { randomUint64, xxh64 } from '../hash/xxh64.ts'
import type { Ring } from './ring.ts'

/** How a call is hashed. */
export interface RingHashPlacing {
  /** Null: a random hash. */
  readonly requestHashHeader: string | null
  readonly random: () => number
}

/** The state of an endpoint when the picker was created. */
interface Snapshot {
  readonly child: EndpointChild
  readonly state: ConnectivityState
  readonly picker: Picker
}

/** @param children by their index in the ring; their current states are used */
export function createRingHashPicker(ring: Ring, children: readonly EndpointChild[], placing: RingHashPlacing): Picker {
  const snapshots = children.map((child) => ({ child, state: child.state, picker: child.picker }))
  const isAnyoneConnecting = children.some((child) => child.isConnecting)
  return {
    pick(call) {
      const key = placing.requestHashHeader === null ? null : call.requestHeader.get(placing.requestHashHeader)
      const hash = key === null ? randomUint64(placing.random) : xxh64(key.replaceAll(', ', ','))
      const met = meet(ring.from(hash), snapshots)
      return key === null ? pickAnyReady(met, call, isAnyoneConnecting) : pickByKey(met, call)
    },
  }
}

/** Yields the endpoints in ring order, lazily. */
function* meet(indices: Iterable<number>, snapshots: readonly Snapshot[]): Generator<Snapshot> {
  for (const index of indices) {
    const snapshot = snapshots[index]
    if (snapshot !== undefined) yield snapshot
  }
}

/** Picks the first endpoint that has not failed. Waits for it rather than use another one, which would not know the key. */
function pickByKey(met: Iterable<Snapshot>, call: PickInfo): PickResult {
  let first: Snapshot | undefined
  for (const snapshot of met) {
    first ??= snapshot
    if (snapshot.state === 'TRANSIENT_FAILURE') continue
    if (snapshot.state === 'READY') return snapshot.picker.pick(call)
    if (snapshot.state === 'IDLE') wake(snapshot)
    return QUEUE
  }
  return first?.picker.pick(call) ?? QUEUE
}

/** Picks any READY endpoint. Without one, waits for a single connection attempt. */
function pickAnyReady(met: Iterable<Snapshot>, call: PickInfo, isAnyoneConnecting: boolean): PickResult {
  let first: Snapshot | undefined
  let isPending = isAnyoneConnecting
  for (const snapshot of met) {
    first ??= snapshot
    if (snapshot.state === 'READY') return snapshot.picker.pick(call)
    if (snapshot.state === 'IDLE' && !isPending) {
      isPending = true
      wake(snapshot)
    }
  }
  return isPending ? QUEUE : (first?.picker.pick(call) ?? QUEUE)
}

/** Connects in a microtask, as the result of the pick must come before the new state. */
function wake({ child }: Snapshot): void {
  queueMicrotask(() => child.connect())
}
