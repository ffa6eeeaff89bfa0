/** Requests to a Consul agent. */
import type { Clock } from '../../wire/http2/http2.ts'
import { apiTls, readToken } from '../http/api-access.ts'
import { HttpApi } from '../http/http-api.ts'
import type { ConsulAccess } from './consul-options.ts'

/** One request. */
export interface ConsulRequest {
  readonly method: 'GET' | 'PUT'
  /** Below `/v1/`: `agent/service/register`. */
  readonly path: string
  readonly query?: readonly (readonly [name: string, value: string])[]
  readonly json?: unknown
  /** Default 5,000. */
  readonly timeoutMs?: number
  readonly signal: AbortSignal
}

const TIMEOUT_MS = 5_000

/** Adds the token and the namespace to requests. */
export class ConsulApi {
  readonly #access: ConsulAccess
  readonly #http: HttpApi

  /** @throws RangeError for invalid TLS options */
  constructor(access: ConsulAccess, clock: Clock) {
    this.#access = access
    const { baseUrl, tls } = access
    this.#http = new HttpApi({ baseUrl, tls: apiTls(baseUrl, tls, clock), clock })
  }

  /**
   * Returns a successful response.
   *
   * @throws ApiError for a status other than 2xx
   */
  async send({ method, path, query = [], json, timeoutMs = TIMEOUT_MS, signal }: ConsulRequest) {
    const { tenancy, tokenFile } = this.#access
    const token = tokenFile === undefined ? this.#access.token : await readToken(tokenFile)
    const parameters = new URLSearchParams([...query.map(([name, value]) => [name, value]), ...Object.entries(tenancy)])
    const search = parameters.size === 0 ? '' : `?${parameters}`
    return await this.#http.read({
      method,
      path: `/v1/${path}${search}`,
      headers: { accept: 'application/json', ...(token !== undefined && { 'x-consul-token': token }) },
      token,
      ...(json !== undefined && { body: JSON.stringify(json) }),
      headTimeoutMs: timeoutMs,
      timeoutMs,
      signal,
    })
  }
}
