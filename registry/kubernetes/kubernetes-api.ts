/** Requests to the API server of a cluster. */
import type { IncomingMessage } from 'node:http'
import { readRegularFile } from '../../client/node/base/read-regular-file.ts'
import type { Clock } from '../../wire/http2/http2.ts'
import { clipSentence } from '../../wire/text/clip-text.ts'
import { apiTls, readToken } from '../http/api-access.ts'
import { ApiError, HttpApi } from '../http/http-api.ts'
import { isLabel, type KubernetesAccess } from './kubernetes-options.ts'

/** One request. */
export interface KubernetesRequest {
  readonly method: 'GET' | 'PATCH' | 'DELETE'
  /** From its slash on, without the query. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** A body for server-side apply. */
  readonly apply?: unknown
  /** The time limit for the whole response. Default 30,000. */
  readonly timeoutMs?: number
  readonly signal: AbortSignal
}

const TIMEOUT_MS = 30_000

/** Adds the token to requests. */
export class KubernetesApi {
  readonly #access: KubernetesAccess
  readonly #http: HttpApi

  /** @throws RangeError if the certificates cannot be read */
  constructor(access: KubernetesAccess, clock: Clock) {
    this.#access = access
    const { baseUrl, tls } = access
    this.#http = new HttpApi({ baseUrl, tls: apiTls(baseUrl, tls, clock), clock })
  }

  /** Returns the namespace of services without one. */
  async namespace(): Promise<string> {
    const { namespace, namespaceFile } = this.#access
    const name = namespace ?? (await readRegularFile(namespaceFile, 1_024)).trim()
    if (isLabel(name)) return name
    throw new Error(`${namespaceFile} contains no namespace`)
  }

  /**
   * Returns the status and the JSON of a successful response.
   *
   * @throws ApiError for a status other than 2xx
   */
  async json(request: KubernetesRequest): Promise<{ status: number | undefined; json: unknown }> {
    const { head, text } = await this.#retry(async () => this.#http.read(await this.#complete(request)))
    return { status: head.statusCode, json: JSON.parse(text) }
  }

  /**
   * Returns a successful response, whose body the caller reads or destroys.
   *
   * @throws ApiError for a status other than 2xx
   */
  open(request: KubernetesRequest): Promise<IncomingMessage> {
    return this.#retry(async () => this.#http.open(await this.#complete(request)))
  }

  /** A token can be replaced between its read and its check. */
  async #retry<T>(send: () => Promise<T>): Promise<T> {
    try {
      try {
        return await send()
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return await send()
        throw error
      }
    } catch (error) {
      throw error instanceof ApiError ? explained(error) : error
    }
  }

  async #complete({ method, path, query = {}, apply, timeoutMs = TIMEOUT_MS, signal }: KubernetesRequest) {
    const { tokenFile } = this.#access
    const token = tokenFile === null ? undefined : await readToken(tokenFile)
    const search = `${new URLSearchParams(query)}`
    return {
      method,
      path: search === '' ? path : `${path}?${search}`,
      headers: {
        accept: 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(apply !== undefined && { 'content-type': 'application/apply-patch+yaml' }),
      },
      token,
      // JSON is YAML.
      ...(apply !== undefined && { body: JSON.stringify(apply) }),
      headTimeoutMs: TIMEOUT_MS,
      timeoutMs,
      signal,
    }
  }
}

/** Replaces the body in the text of an error by the message of its Status, which says for example which right is missing. */
function explained(error: ApiError): ApiError {
  try {
    const { message }: { message?: unknown } = JSON.parse(error.body)
    if (typeof message !== 'string') return error
    return new ApiError(
      `the API server answers with status ${error.status}: ${clipSentence(message)}`,
      error.status,
      error.body,
    )
  } catch {
    return error
  }
}
