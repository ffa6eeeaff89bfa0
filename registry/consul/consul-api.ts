/** Requests to a Consul agent. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../wire/http2/http2.ts'
import { apiTls } from '../http/api-tls.ts'
import { ApiError, HttpApi } from '../http/http-api.ts'
import { readToken } from '../http/read-token.ts'
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
   * @throws ApiError for a status other than 2xx. Its text never contains the token.
   */
  async send({ method, path, query = [], json, timeoutMs = TIMEOUT_MS, signal }: ConsulRequest) {
    const { tenancy, tokenFile } = this.#access
    const token = tokenFile === undefined ? this.#access.token : await readToken(tokenFile)
    const parameters = new URLSearchParams([...query.map(([name, value]) => [name, value]), ...Object.entries(tenancy)])
    const search = parameters.size === 0 ? '' : `?${parameters}`
    try {
      return await this.#http.read({
        method,
        path: `/v1/${path}${search}`,
        headers: { accept: 'application/json', ...(token !== undefined && { 'x-consul-token': token }) },
        ...(json !== undefined && { body: JSON.stringify(json) }),
        headTimeoutMs: timeoutMs,
        timeoutMs,
        signal,
      })
    } catch (error) {
      throw token === undefined ? error : withoutToken(error, token)
    }
  }
}

/** A response, as {@link ConsulApi} returns it. */
export interface ConsulResponse {
  readonly head: IncomingMessage
  readonly text: string
}

/** Removes the token from the error of an agent, or of a proxy in between that quotes what it received. */
function withoutToken(error: unknown, token: string): unknown {
  if (!(error instanceof ApiError)) return error
  const hide = (text: string) => text.replaceAll(token, '[token]')
  return new ApiError(hide(error.message), error.status, hide(error.body))
}
