/** Obtains the credentials for the calls of a channel. */
import { Code, ConnectError, type ContextValues } from '@connectrpc/connect'
import { controlPlaneError } from '../contracts/control-plane-error.ts'
import { type CallCredentials, type CredentialedCall, callCredentials, mayBeSent } from './call-credentials.ts'

/** Options of an authenticator. */
export interface CallAuthenticatorOptions {
  /** The credentials of the channel; undefined for none. */
  readonly credentials: CallCredentials | undefined
  /** Whether connections are private: TLS, or a Unix socket. */
  readonly isSecure: boolean
  /** The authority of requests: `greeter.example:8443`. */
  readonly authority: string
}

/**
 * Returns the credentials metadata of one attempt, which is sent with that of the caller. Does not wait for credentials that ignore their
 * signal.
 *
 * @throws ConnectError as for {@link CallCredentials.metadata}; the reason of the signal if it aborts first
 */
export type CredentialsSource = (signal: AbortSignal) => Promise<Headers>

/** The authenticator of one channel. */
export class CallAuthenticator {
  readonly #options: CallAuthenticatorOptions
  /** Audiences always use https, even over cleartext, as in grpc-go. */
  readonly #audienceOrigin: string

  constructor(options: CallAuthenticatorOptions) {
    this.#options = options
    this.#audienceOrigin = `https://${options.authority.replace(/:443$/, '')}`
  }

  /**
   * Returns null if a call has no credentials.
   *
   * @param path `/package.Service/Method`
   */
  sourceFor(path: string, contextValues?: ContextValues): CredentialsSource | null {
    const { credentials: ofChannel, isSecure } = this.#options
    const ofCall = contextValues?.get(callCredentials)
    if (ofChannel === undefined && ofCall === undefined) return null
    return async (signal) => {
      if (ofCall !== undefined && !mayBeSent(ofCall, isSecure)) throw listenedTo()
      const call = this.#describe(path)
      const metadata = new Headers()
      for (const credentials of [ofChannel, ofCall]) {
        if (credentials !== undefined) addFields(metadata, await makeMetadata(credentials, { call, signal }))
      }
      return metadata
    }
  }

  #describe(path: string): CredentialedCall {
    const methodAt = path.lastIndexOf('/')
    return {
      serviceUrl: `${this.#audienceOrigin}${path.slice(0, methodAt)}`,
      method: path.slice(methodAt + 1),
      path,
      authority: this.#options.authority,
    }
  }
}

/** Returns the metadata of the caller followed by that of the credentials, as a new object. */
export function withCredentials(header: Headers | undefined, metadata: Headers | null): Headers | undefined {
  if (metadata === null) return header
  const both = new Headers(header)
  addFields(both, metadata)
  return both
}

function addFields(header: Headers, fields: Headers): void {
  for (const [name, value] of fields) header.append(name, value)
}

interface MetadataRequest {
  readonly call: CredentialedCall
  readonly signal: AbortSignal
}

async function makeMetadata(credentials: CallCredentials, { call, signal }: MetadataRequest): Promise<Headers> {
  try {
    return new Headers(await orAborted(async () => credentials.metadata(call, signal), signal))
  } catch (thrown) {
    if (signal.aborted) throw signal.reason
    throw credentialsError(thrown)
  }
}

function listenedTo(): ConnectError {
  return new ConnectError('the credentials of the call require TLS, but the channel is cleartext', Code.Unauthenticated)
}

/** Hides the error of foreign code, which may contain secrets. */
function credentialsError(thrown: unknown): ConnectError {
  if (thrown instanceof ConnectError) return controlPlaneError(thrown)
  const message = 'the credentials of the call could not be obtained'
  return new ConnectError(message, Code.Unauthenticated, undefined, undefined, thrown)
}

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
