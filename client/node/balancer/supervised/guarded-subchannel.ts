/** The subchannel that policies receive. */
import type { GuardedEdge } from '../../base/guarded-edge.ts'
import type { StandingListener, StandingRequest, Subchannel, SubchannelListener } from '../../contracts/subchannel.ts'
import { SubchannelWrapper } from '../parts/subchannel-wrapper.ts'

/** Delegates everything. Contains errors of listeners, and calls none once the edge is closed. */
export class GuardedSubchannel extends SubchannelWrapper {
  readonly #edge: GuardedEdge
  readonly #onShutdown: (subchannel: GuardedSubchannel) => void

  constructor(inner: Subchannel, edge: GuardedEdge, onShutdown: (subchannel: GuardedSubchannel) => void) {
    super(inner)
    this.#edge = edge
    this.#onShutdown = onShutdown
  }

  override watch(listener: SubchannelListener): () => void {
    return super.watch(this.#edge.wrap(listener))
  }

  override watchHealth(listener: SubchannelListener): () => void {
    return super.watchHealth(this.#edge.wrap(listener))
  }

  override keepStream(request: StandingRequest, listener: StandingListener): () => void {
    return super.keepStream(request, {
      // An error that it throws ends the stream, as an error of the server does.
      onMessage: (data) => listener.onMessage(data),
      onFailed: this.#edge.wrap((error) => listener.onFailed(error)),
      onRetry: this.#edge.wrap(() => listener.onRetry()),
      onUnimplemented: this.#edge.wrap((error) => listener.onUnimplemented(error)),
    })
  }

  override shutdown(): void {
    this.#onShutdown(this)
    super.shutdown()
  }
}
