/** The instances of one service, as etcd reports them. */
import type { Endpoint } from '../../client/node/contracts/endpoint.ts'
import { type Event, Event_EventType, type KeyValue } from '../../gen/etcd/mvccpb/kv_pb.js'
import type { InvalidEntry } from '../resolver/invalid-entries.ts'
import { endpointOf, idOf } from './etcd-layout.ts'

/** The most instances of a service; more are ignored. */
const MAX_INSTANCES = 10_000

interface Known {
  readonly endpoint: Endpoint
  readonly revision: bigint
}

/** A list that follows the changes of entries. Invalid ones are reported, and do not affect the others. */
export class EtcdInstances {
  readonly #service: string
  readonly #report: (entry: InvalidEntry) => void
  readonly #known = new Map<string, Known>()

  constructor(service: string, report: (entry: InvalidEntry) => void) {
    this.#service = service
    this.#report = report
  }

  /** Takes an entry that is there. */
  add({ key, value, modRevision }: KeyValue): void {
    const id = idOf(this.#service, key)
    if (id === undefined) return
    const endpoint = endpointOf(value)
    const isRoom = this.#known.size < MAX_INSTANCES || this.#known.has(id)
    if (typeof endpoint !== 'string' && isRoom) {
      this.#known.set(id, { endpoint, revision: modRevision })
      return
    }
    this.#known.delete(id)
    const reason = typeof endpoint === 'string' ? endpoint : `the service has more than ${MAX_INSTANCES} instances`
    this.#report({ key: `${this.#service}/${id}`, reason })
  }

  /** Takes a change. */
  apply({ type, kv }: Event): void {
    if (kv === undefined) return
    const id = idOf(this.#service, kv.key)
    if (type === Event_EventType.PUT) this.add(kv)
    else if (id !== undefined) this.#known.delete(id)
  }

  /** Returns the endpoints, the latest last: of several entries for one address the last counts. */
  endpoints(): Endpoint[] {
    const sorted = [...this.#known.values()].sort((a, b) => Number(a.revision - b.revision))
    return sorted.map(({ endpoint }) => endpoint)
  }
}
