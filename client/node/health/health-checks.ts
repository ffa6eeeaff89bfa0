/** Which service's health a channel asks its servers for (gRFC A17). */
import { clipSentence } from '../../../wire/text/clip-text.ts'

/** One for all subchannels of a channel: its service config decides, and may decide otherwise at any time. */
export class HealthChecks {
  readonly #onWarning: (message: string) => void
  readonly #followers = new Set<() => void>()
  #serviceName: string | null = null
  #hasWarned = false

  /** @param onWarning told once if a server cannot be asked for its health, as nothing is checked there */
  constructor(onWarning: (message: string) => void) {
    this.#onWarning = onWarning
  }

  /** `''` for the server as a whole. Null: none is asked for, and whoever is connected is healthy. */
  get serviceName(): string | null {
    return this.#serviceName
  }

  /** Connections that are there already are asked anew. */
  set serviceName(serviceName: string | null) {
    if (serviceName === this.#serviceName) return
    this.#serviceName = serviceName
    for (const follower of [...this.#followers]) follower()
  }

  /** Calls back after each change. Returns a function that ends it. */
  follow(onChange: () => void): () => void {
    const own = (): void => onChange()
    this.#followers.add(own)
    return () => this.#followers.delete(own)
  }

  /** A server has no health service, or the connection to it cannot carry the question. */
  onUnimplemented(peer: string, reason: string): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#onWarning(
      `${peer} does not tell its health by grpc.health.v1.Health (${clipSentence(reason)}): it is used without, and so are others like it`,
    )
  }
}
