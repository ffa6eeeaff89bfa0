/** Adds credentials to calls, as the last thing before they are sent. */
import {
  Code,
  ConnectError,
  type ContextValues,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from '@connectrpc/connect'
import { controlPlaneError } from '../channel/control-plane-error.ts'
import { type CallCredentials, type CredentialedCall, callCredentials, mayBeSent } from './call-credentials.ts'

/** What is known of a channel. */
export interface CallAuthenticatorOptions {
  /** Those of the channel; undefined: none. */
  readonly credentials: CallCredentials | undefined
  /** Whether nobody can listen: TLS, or a socket of this machine. */
  readonly isSecure: boolean
}

type Request = UnaryRequest | StreamRequest

/** The authenticator of one transport. */
export class CallAuthenticator {
  /** To be the innermost. Calls without credentials it passes on as they are. */
  readonly interceptor: Interceptor
  readonly #options: CallAuthenticatorOptions

  constructor(options: CallAuthenticatorOptions) {
    this.#options = options
    this.interceptor = (next) => (request) =>
      this.isNeeded(request.contextValues) ? this.#authenticate(request).then(next) : next(request)
  }

  /** Whether a call has credentials. */
  isNeeded(contextValues: ContextValues | undefined): boolean {
    return this.#options.credentials !== undefined || contextValues?.get(callCredentials) !== undefined
  }

  /** The request is left as it is: interceptors may send it more than once. */
  async #authenticate(request: Request): Promise<Request> {
    const ofCall = request.contextValues.get(callCredentials)
    if (ofCall !== undefined && !mayBeSent(ofCall, this.#options.isSecure)) {
      throw new ConnectError('the credentials of the call require TLS, which the channel has not', Code.Unauthenticated)
    }
    const call = describe(request)
    const header = new Headers(request.header)
    for (const credentials of [this.#options.credentials, ofCall]) {
      if (credentials !== undefined) await addMetadata(header, credentials, { call, signal: request.signal })
    }
    return { ...request, header }
  }
}

interface MetadataRequest {
  readonly call: CredentialedCall
  readonly signal: AbortSignal
}

async function addMetadata(header: Headers, credentials: CallCredentials, request: MetadataRequest): Promise<void> {
  const { call, signal } = request
  try {
    const metadata = await orAborted(async () => credentials.metadata(call, signal), signal)
    for (const [name, value] of new Headers(metadata)) header.append(name, value)
  } catch (thrown) {
    if (signal.aborted) throw signal.reason
    throw credentialsError(thrown)
  }
}

/** What a program of others says of its secrets is not for callers to read. */
function credentialsError(thrown: unknown): ConnectError {
  if (thrown instanceof ConnectError) return controlPlaneError(thrown)
  const message = 'the credentials of the call cannot be had'
  return new ConnectError(message, Code.Unauthenticated, undefined, undefined, thrown)
}

/** Does not wait for what heeds no signal. */
async function orAborted<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([run(), aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** An audience names https whatever the way to the server is, as in grpc-go. */
function describe({ url, service, method }: Request): CredentialedCall {
  const { host } = new URL(url)
  return {
    serviceUrl: `https://${host.replace(/:443$/, '')}/${service.typeName}`,
    method: method.name,
    path: `/${service.typeName}/${method.name}`,
    authority: host,
  }
}
