/** Tells whether a subchannel should be picked, by what its server says of its health (gRFC A17). */
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
 * Tells first how it is now, in a microtask, then each change: the raw connectivity while that is not READY; while it is, what the
 * server says. Returns a function that ends it.
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

/** One who watches, and the stream by which the server tells. */
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

  /** Begins, or begins anew after the service config has changed. */
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

  /** What holds of a connection whose server has not answered, if it is asked at all. */
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
