/** A subchannel around another one. */
import type { ConnectError } from '@connectrpc/connect'
import type { CallCounter } from '../../../../wire/channelz/call-counter.ts'
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'
import type { Address } from '../../contracts/endpoint.ts'
import type {
  StandingListener,
  StandingRequest,
  Subchannel,
  SubchannelConnection,
  SubchannelListener,
} from '../../contracts/subchannel.ts'

/** Delegates everything. For policies that override a part. */
export class SubchannelWrapper implements Subchannel {
  protected readonly inner: Subchannel

  constructor(inner: Subchannel) {
    this.inner = inner
  }

  get address(): Address {
    return this.inner.address
  }

  get calls(): CallCounter {
    return this.inner.calls
  }

  get state(): ConnectivityState {
    return this.inner.state
  }

  get lastError(): ConnectError | undefined {
    return this.inner.lastError
  }

  get connection(): SubchannelConnection | null {
    return this.inner.connection
  }

  connect(): void {
    this.inner.connect()
  }

  resetBackoff(): void {
    this.inner.resetBackoff()
  }

  watch(listener: SubchannelListener): () => void {
    return this.inner.watch(listener)
  }

  watchHealth(listener: SubchannelListener): () => void {
    return this.inner.watchHealth(listener)
  }

  keepStream(request: StandingRequest, listener: StandingListener): () => void {
    return this.inner.keepStream(request, listener)
  }

  shutdown(): void {
    this.inner.shutdown()
  }
}
