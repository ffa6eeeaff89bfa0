/** Keeps a server registered in its registries, from the first time that it serves until it drains. */
import type { AddressInfo } from 'node:net'
import type { RegistrarContext, Registration, ServiceInstance } from '../../registry/contracts/registrar.ts'
import { advertisedAddress } from './advertised-address.ts'
import type { ResolvedRegistration } from './registration-options.ts'

/** A server that listens. */
export interface ListeningServer {
  /** All addresses that it listens on; a string is a Unix socket. */
  readonly addresses: readonly (AddressInfo | string)[]
  /** Whether it expects TLS. */
  readonly isSecure: boolean
}

/** An instance, with the function that registers it. */
interface Entry {
  readonly register: () => Registration
  readonly deregisterTimeoutMs: number
  /** Null until it is registered for the first time. */
  registration: Registration | null
}

/**
 * Registers a server in each of its registries. One per machine: with several workers it belongs to the primary.
 *
 * The order is that of the life of a server: `listening`, then `setServing` at any time, then `deregister`. Nothing is registered before
 * the server both listens and serves, as clients would call it in vain.
 */
export class ServerRegistrations {
  readonly #options: readonly ResolvedRegistration[]
  readonly #context: RegistrarContext
  #entries: readonly Entry[] = []
  #isServing = false
  #ending: Promise<void> | null = null

  /** @param options as `normalizeRegistrations` returns them; may be empty */
  constructor(options: readonly ResolvedRegistration[], context: RegistrarContext) {
    this.#options = options
    this.#context = context
  }

  /** Whether there is a registry. */
  get isUsed(): boolean {
    return this.#options.length > 0
  }

  /** Takes the addresses of the server, and registers it if it serves. */
  listening(server: ListeningServer): void {
    if (this.#ending !== null) return
    this.#entries = this.#options.flatMap((registry) => this.#entryOf(registry, server))
    this.#update()
  }

  /** Shows clients whether the server wants calls. False at first. */
  setServing(isServing: boolean): void {
    this.#isServing = isServing
    this.#update()
  }

  /**
   * Removes the server from all registries for good. Resolves when it is removed, or the time of its option or `maxMs` is up. Never rejects.
   * Further calls await the first one.
   */
  deregister(maxMs = Number.POSITIVE_INFINITY): Promise<void> {
    this.#ending ??= this.#end(maxMs)
    return this.#ending
  }

  #update(): void {
    if (this.#ending !== null) return
    for (const entry of this.#entries) {
      try {
        if (entry.registration !== null) entry.registration.setServing(this.#isServing)
        else if (this.#isServing) entry.registration = entry.register()
      } catch (error) {
        reportFailure(error, this.#context)
      }
    }
  }

  async #end(maxMs: number): Promise<void> {
    const ends = this.#entries.map(({ registration, deregisterTimeoutMs }) =>
      deregister(registration, Math.min(deregisterTimeoutMs, maxMs), this.#context),
    )
    await Promise.all(ends)
  }

  #entryOf(registry: ResolvedRegistration, server: ListeningServer): Entry[] {
    const { registrar, service, id, metadata, deregisterTimeoutMs } = registry
    const { log } = this.#context
    const address = advertisedAddress({ ...registry, addresses: server.addresses })
    const fields = { registry: registrar.name, service }
    if (address === undefined) {
      log.warn(fields, 'not registered: the server listens on no port; set host and port in code or with --advertise')
      return []
    }
    const { host, port, isLoopback } = address
    if (isLoopback) log.warn({ ...fields, host }, 'registered by a loopback address, which only this machine reaches')
    const instance: ServiceInstance = Object.freeze({ service, id, host, port, isSecure: server.isSecure, metadata })
    return [{ register: () => registrar.register(instance, this.#context), deregisterTimeoutMs, registration: null }]
  }
}

/** Deregisters, if there is a registration. Resolves when that is done, or the time is up. Never rejects. */
export async function deregister(
  registration: Registration | null,
  timeoutMs: number,
  context: RegistrarContext,
): Promise<void> {
  if (registration === null) return
  const { promise: timeUp, resolve } = Promise.withResolvers<void>()
  const timer = context.clock.schedule(resolve, timeoutMs)
  try {
    await Promise.race([registration.deregister(timeoutMs), timeUp])
  } catch (error) {
    reportFailure(error, context)
  } finally {
    timer.cancel()
  }
}

/** Registrars of programs may throw against their contract, which must affect neither health nor a drain. */
export function reportFailure(error: unknown, { log }: Pick<RegistrarContext, 'log'>): void {
  log.warn({ err: error }, 'a registrar failed')
}
