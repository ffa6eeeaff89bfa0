/** Finds the place of a call on the ring. */
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import { type Picker, type PickInfo, type PickResult, QUEUE } from '../../contracts/picker.ts'
import type { EndpointChild } from '../endpoint-children/endpoint-child.ts'
import { randomUint64, xxh64 } from '../hash/xxh64.ts'
import type { Ring } from './ring.ts'

/** How calls are placed. */
export interface RingHashPlacing {
  /** Null: chance decides. */
  readonly requestHashHeader: string | null
  readonly random: () => number
}

/** What holds of an endpoint while this picker does. */
interface Snapshot {
  readonly child: EndpointChild
  readonly state: ConnectivityState
  readonly picker: Picker
}

/** @param children by their indices in the ring; their states are taken now */
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

/** The endpoints as the call meets them; it goes no further than it must. */
function* meet(indices: Iterable<number>, snapshots: readonly Snapshot[]): Generator<Snapshot> {
  for (const index of indices) {
    const snapshot = snapshots[index]
    if (snapshot !== undefined) yield snapshot
  }
}

/** The first that has not failed, and nobody else: another one would not know the key. */
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

/** Whoever is READY is as good as any; else one connection is enough to wait for. */
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

/** Not from within the pick: its answer comes before the state that follows from it. */
function wake({ child }: Snapshot): void {
  queueMicrotask(() => child.connect())
}
