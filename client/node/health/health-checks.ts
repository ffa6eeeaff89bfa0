/** The service whose health a channel checks at its servers (gRFC A17). */
import { clipSentence } from '../../../wire/text/clip-text.ts'

/** Shared by all subchannels of a channel. The service config sets the service name, and may change it at any time. */
export class HealthChecks {
  readonly #onWarning: (message: string) => void
  readonly #followers = new Set<() => void>()
  #serviceName: string | null = null
  #hasWarned = false

  /** @param onWarning called once if a server's health cannot be checked */
  constructor(onWarning: (message: string) => void) {
    this.#onWarning = onWarning
  }

  /** `''` for the server as a whole. Null if health is not checked, and every connection counts as healthy. */
  get serviceName(): string | null {
    return this.#serviceName
  }

  /** Changes the service name, also for existing connections. */
  set serviceName(serviceName: string | null) {
    if (serviceName === this.#serviceName) return
    this.#serviceName = serviceName
    for (const follower of [...this.#followers]) follower()
  }

  /** Calls back after each change. Returns a function that removes the callback. */
  follow(onChange: () => void): () => void {
    const own = (): void => onChange()
    this.#followers.add(own)
    return () => this.#followers.delete(own)
  }

  /** Warns that a server has no health service, or that the connection does not support health checks. */
  onUnimplemented(peer: string, reason: string): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#onWarning(
      `${peer} does not support grpc.health.v1.Health (${clipSentence(reason)}): such servers are used without a health check`,
    )
  }
}
