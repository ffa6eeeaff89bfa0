/** A registry in memory, whose entries expire unless they are renewed, as those of etcd do. */
import type { Registrar, RegistrarContext, ServiceInstance } from '../../../registry/contracts/registrar.ts'
import { KeptRegistration, type RegistryHold } from '../../../registry/registrar/kept-registration.ts'
import { untilAborted } from '../until-aborted.ts'

/** The time to live of an entry. It is renewed at a fifth of it. */
export const MEMORY_TTL_MS = 250

interface Entry {
  readonly instance: ServiceInstance
  renewedAtMs: number
}

/** Holds instances. */
export class MemoryRegistry {
  /** Whether all requests fail. */
  isAway = false
  /** `register` and `remove`, with the id of the instance, in their order. */
  readonly log: string[] = []
  #entries = new Map<string, Entry>()

  /** The instances of a service that have not expired. */
  find(service: string): readonly ServiceInstance[] {
    const now = performance.now()
    const live = [...this.#entries.values()].filter(({ renewedAtMs }) => now - renewedAtMs < MEMORY_TTL_MS)
    return live.map(({ instance }) => instance).filter((instance) => instance.service === service)
  }

  /** Loses all entries. */
  forget(): void {
    this.#entries = new Map()
  }

  /** Connects a process. */
  connect(): MemoryRegistrar {
    return new MemoryRegistrar(this)
  }

  put(instance: ServiceInstance): void {
    this.#assertPresent()
    this.log.push(`register ${instance.id}`)
    this.#entries.set(instance.id, { instance, renewedAtMs: performance.now() })
  }

  renew({ id }: ServiceInstance): void {
    this.#assertPresent()
    const entry = this.#entries.get(id)
    if (entry === undefined) throw new Error('the entry is gone')
    entry.renewedAtMs = performance.now()
  }

  remove({ id }: ServiceInstance): void {
    this.#assertPresent()
    if (this.#entries.delete(id)) this.log.push(`remove ${id}`)
  }

  #assertPresent(): void {
    if (this.isAway) throw new Error('the registry is away')
  }
}

/** The registrar of one process. */
export class MemoryRegistrar implements Registrar {
  readonly name = 'memory'
  /** Whether requests get no answer, as after a crash of the process. */
  isCut = false
  readonly #registry: MemoryRegistry

  constructor(registry: MemoryRegistry) {
    this.#registry = registry
  }

  register(instance: ServiceInstance, context: RegistrarContext): KeptRegistration {
    const hold: RegistryHold = {
      registry: this.name,
      hold: async (onRegistered, signal) => {
        await this.#answer(signal)
        this.#registry.put(instance)
        onRegistered()
        while (!signal.aborted) {
          await pause(context, MEMORY_TTL_MS / 5, signal)
          await this.#answer(signal)
          if (!signal.aborted) this.#registry.renew(instance)
        }
      },
      release: async (signal) => {
        await this.#answer(signal)
        signal.throwIfAborted()
        this.#registry.remove(instance)
      },
    }
    return new KeptRegistration(hold, instance, context)
  }

  async #answer(signal: AbortSignal): Promise<void> {
    if (this.isCut) await untilAborted(signal)
  }
}

async function pause({ clock }: RegistrarContext, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.schedule(resolve, ms)
  await Promise.race([promise, untilAborted(signal)])
  timer.cancel()
}
