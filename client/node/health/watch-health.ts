/** Watches the health of a subchannel, as reported by its server (gRFC A17). */
import { create, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
} from '../../../gen/health/v1/health_pb.js'
import { DecodeAllowance, decodeBudgetFor } from '../../../wire/decode-budget/decode-budget.ts'
import { clipSentence } from '../../../wire/text/clip-text.ts'
import { addressText } from '../contracts/endpoint.ts'
import type { Subchannel, SubchannelChange, SubchannelListener } from '../contracts/subchannel.ts'
import type { HealthChecks } from './health-checks.ts'

/** The part of a subchannel that is watched. */
export type WatchedSubchannel = Pick<Subchannel, 'address' | 'state' | 'lastError' | 'watch' | 'keepStream'>

/**
 * Calls the listener with the current health, in a microtask, then with each change: the raw connectivity unless it is READY, then the health
 * reported by the server. Returns a function that stops watching.
 */
export function watchHealth(
  subchannel: WatchedSubchannel,
  checks: HealthChecks,
  listener: SubchannelListener,
): () => void {
  const watch = new HealthWatch(subchannel, checks, listener)
  return () => watch.stop()
}

const PATH = `/${Health.typeName}/${Health.method.watch.name}`
/** As for other messages of up to 64 KiB. */
const DECODE_BUDGET_BYTES = decodeBudgetFor(65_536)

const CONNECTING: SubchannelChange = Object.freeze({ state: 'CONNECTING', error: undefined })
const READY: SubchannelChange = Object.freeze({ state: 'READY', error: undefined })

/** A listener, and the stream of the server's health. */
class HealthWatch {
  readonly #subchannel: WatchedSubchannel
  readonly #checks: HealthChecks
  readonly #listener: SubchannelListener
  readonly #endings: (() => void)[]
  #stopStream: (() => void) | null = null
  #isWatching = true

  constructor(subchannel: WatchedSubchannel, checks: HealthChecks, listener: SubchannelListener) {
    this.#subchannel = subchannel
    this.#checks = checks
    this.#listener = listener
    this.#endings = [subchannel.watch((change) => this.#onConnectivity(change)), checks.follow(() => this.#start())]
    this.#start()
  }

  stop(): void {
    this.#isWatching = false
    for (const end of this.#endings) end()
    this.#stopStream?.()
    this.#stopStream = null
  }

  /** Starts, or restarts after a change of the service config. */
  #start(): void {
    const { state, lastError } = this.#subchannel
    const { serviceName } = this.#checks
    this.#stopStream?.()
    this.#stopStream = serviceName === null ? null : this.#ask(serviceName)
    this.#tell(state === 'READY' ? this.#unknown() : { state, error: lastError })
  }

  #onConnectivity(change: SubchannelChange): void {
    this.#listener(change.state === 'READY' ? this.#unknown() : change)
  }

  /** Returns the health of a connection before the server has answered, if health is checked. */
  #unknown(): SubchannelChange {
    return this.#stopStream === null ? READY : CONNECTING
  }

  #ask(serviceName: string): () => void {
    const message = toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service: serviceName }))
    const peer = addressText(this.#subchannel.address)
    return this.#subchannel.keepStream(
      { path: PATH, message },
      {
        onMessage: (data) => this.#tell(healthOf(data, peer)),
        onFailed: (error) =>
          this.#tell(failed(`the health check of ${peer} failed: ${clipSentence(error.rawMessage)}`)),
        onRetry: () => this.#tell(CONNECTING),
        onUnimplemented: ({ rawMessage }) => {
          this.#checks.onUnimplemented(peer, rawMessage)
          this.#tell(READY)
        },
      },
    )
  }

  #tell(change: SubchannelChange): void {
    queueMicrotask(() => {
      if (this.#isWatching) this.#listener(change)
    })
  }
}

function healthOf(data: Uint8Array, peer: string): SubchannelChange {
  const { status } = new DecodeAllowance(DECODE_BUDGET_BYTES).decode(HealthCheckResponseSchema, data)
  if (status === HealthCheckResponse_ServingStatus.SERVING) return READY
  return failed(`${peer} is not healthy: ${HealthCheckResponse_ServingStatus[status] ?? status}`)
}

function failed(message: string): SubchannelChange {
  return { state: 'TRANSIENT_FAILURE', error: new ConnectError(message, Code.Unavailable) }
}
