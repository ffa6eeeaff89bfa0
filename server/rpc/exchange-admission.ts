/** An exchange as admission controls see it. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { HeaderReader } from '../../wire/call-observer.ts'
import type { AdmissionRequest } from './admission.ts'
import { CallPeer, type Peer } from './context-keys.ts'
import type { Exchange } from './exchange/exchange.ts'
import { FieldReader } from './exchange/field-reader.ts'
import type { MethodEntry } from './method-table.ts'

/** Created for each call of a method with admission control. */
export class ExchangeAdmission implements AdmissionRequest {
  readonly #exchange: Exchange
  readonly #entry: MethodEntry

  constructor(exchange: Exchange, entry: MethodEntry) {
    this.#exchange = exchange
    this.#entry = entry
  }

  get method(): DescMethod {
    return this.#entry.method
  }

  get isStream(): boolean {
    return this.#entry.kind !== 'unary'
  }

  get header(): HeaderReader {
    return new FieldReader(this.#exchange.head.fields)
  }

  get peer(): Peer {
    return new CallPeer(this.#exchange, this.#entry.trustProxy)
  }

  get startedAtMs(): number {
    return this.#exchange.openedAtMs
  }
}
