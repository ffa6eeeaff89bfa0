/** Knows what the calls of a channel prove themselves with, and has it made. */
import { Code, ConnectError, type ContextValues } from '@connectrpc/connect'
import { controlPlaneError } from '../contracts/control-plane-error.ts'
import { type CallCredentials, type CredentialedCall, callCredentials, mayBeSent } from './call-credentials.ts'

/** What is known of a channel. */
export interface CallAuthenticatorOptions {
  /** Those of the channel; undefined: none. */
  readonly credentials: CallCredentials | undefined
  /** Whether nobody can listen: TLS, or a socket of this machine. */
  readonly isSecure: boolean
  /** What requests name: `greeter.example:8443`. */
  readonly authority: string
}

/**
 * Has the metadata of one attempt made, which goes with that of the caller. Does not wait for credentials that heed no signal.
 *
 * @throws ConnectError as {@link CallCredentials.metadata} says; the reason of the signal, if it aborts first
 */
export type CredentialsSource = (signal: AbortSignal) => Promise<Headers>

/** The authenticator of one channel. */
export class CallAuthenticator {
  readonly #options: CallAuthenticatorOptions
  /** An audience names https whatever the way to the server is, as in grpc-go. */
  readonly #audienceOrigin: string

  constructor(options: CallAuthenticatorOptions) {
    this.#options = options
    this.#audienceOrigin = `https://${options.authority.replace(/:443$/, '')}`
  }

  /**
   * Null: a call has no credentials.
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

/** The metadata of a caller with that of credentials behind it. Neither is changed. */
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
  return new ConnectError('the credentials of the call require TLS, which the channel has not', Code.Unauthenticated)
}

/** What a program of others says of its secrets is not for callers to read. */
function credentialsError(thrown: unknown): ConnectError {
  if (thrown instanceof ConnectError) return controlPlaneError(thrown)
  const message = 'the credentials of the call cannot be had'
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
