/** The head of a routed call: as received until the hooks have run, then as the hooks left it. */
import type { FastifyRequest } from 'fastify'
import type { ExchangeHead, RequestField } from '../rpc/exchange/exchange.ts'

/** Hooks may add fields for the service, and remove those that only a proxy may set. */
export class RoutedHead implements ExchangeHead {
  readonly method: string
  readonly path: string
  readonly authority: string
  readonly verdict: ExchangeHead['verdict']
  plan: unknown
  readonly #wire: ExchangeHead
  readonly #request: FastifyRequest
  #fields: readonly RequestField[]
  #isStale = false

  constructor(wire: ExchangeHead, request: FastifyRequest) {
    this.method = wire.method
    this.path = wire.path
    this.authority = wire.authority
    this.verdict = wire.verdict
    this.plan = wire.plan
    this.#wire = wire
    this.#request = request
    this.#fields = wire.fields
  }

  get fields(): readonly RequestField[] {
    if (this.#isStale) this.#fields = fieldsOf(this.#request.headers)
    this.#isStale = false
    return this.#fields
  }

  /** As received: framing and negotiation are decided before the hooks. */
  get(name: string): string | undefined {
    return this.#wire.get(name)
  }

  /** From here on the fields are those that the hooks left. They are read on access. */
  passHooks(): void {
    this.#isStale = true
  }
}

/** Hooks may set lists and numbers too; each becomes a field value. */
function fieldsOf(headers: FastifyRequest['headers']): RequestField[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined || name.startsWith(':')) return []
    return [value].flat().map((text) => ({ name: name.toLowerCase(), value: String(text) }))
  })
}
