/** Keeps the health of all services, and the history of its changes. */
import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { HealthChange, HealthLink, HealthStatus, ServiceHealth } from './service-health.ts'

const MAX_CHANGES = 200
/** A server may list any number. */
const MAX_SERVICES = 2_000

/** What is known, as signals. */
export class HealthBook {
  readonly #services = signal<ReadonlyMap<string, ServiceHealth>>(new Map())
  readonly #changes = signal<readonly HealthChange[]>([])
  readonly #isReachable = signal(true)
  readonly #now: () => number

  /** @param now returns milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** By name; the whole server, whose name is empty, comes first. */
  readonly services: ReadonlySignal<readonly ServiceHealth[]> = computed(() =>
    [...this.#services.value.values()].sort((a, b) => (a.service < b.service ? -1 : 1)),
  )

  /** The newest first. */
  get changes(): ReadonlySignal<readonly HealthChange[]> {
    return this.#changes
  }

  /** False from the first stream that breaks to the first news after that. */
  get isReachable(): ReadonlySignal<boolean> {
    return this.#isReachable
  }

  /** Takes a status that the server has sent. */
  setStatus(service: string, status: HealthStatus, link: HealthLink, fault = ''): void {
    this.setReachable(true)
    const before = this.#of(service)
    const isChange = before.status !== status
    if (isChange && before.status !== null) this.#record({ service, from: before.status, to: status })
    this.#set({ service, status, link, fault, sinceMs: isChange ? this.#now() : before.sinceMs })
  }

  /** Takes the state of the stream of a service. */
  setLink(service: string, link: HealthLink, fault = ''): void {
    this.#set({ ...this.#of(service), link, fault })
  }

  /** Takes whether the server answers. */
  setReachable(isReachable: boolean): void {
    if (this.#isReachable.peek() === isReachable) return
    this.#isReachable.value = isReachable
    const names = isReachable ? (['UNREACHABLE', 'REACHABLE'] as const) : (['REACHABLE', 'UNREACHABLE'] as const)
    this.#record({ service: '', from: names[0], to: names[1] })
  }

  /** Forgets services that the server no longer has. */
  keepOnly(names: ReadonlySet<string>): void {
    const left = [...this.#services.peek()].filter(([name]) => names.has(name))
    if (left.length < this.#services.peek().size) this.#services.value = new Map(left)
  }

  #of(service: string): ServiceHealth {
    const known = this.#services.peek().get(service)
    return known ?? { service, status: null, sinceMs: this.#now(), link: 'connecting', fault: '' }
  }

  #set(health: ServiceHealth): void {
    const services = this.#services.peek()
    if (!services.has(health.service) && services.size >= MAX_SERVICES) return
    this.#services.value = new Map(services).set(health.service, health)
  }

  #record(change: Omit<HealthChange, 'atMs'>): void {
    this.#changes.value = [{ ...change, atMs: this.#now() }, ...this.#changes.peek().slice(0, MAX_CHANGES - 1)]
  }
}
