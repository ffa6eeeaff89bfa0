/** Calls gRPC server reflection, in the version and over the HTTP version that the server supports. */
import { Code, ConnectError } from '@connectrpc/connect'
import {
  ServerReflection as V1,
  type ServerReflectionResponse as V1Response,
} from '../../../../gen/grpc/reflection/v1/reflection_pb.js'
import {
  ServerReflection as V1Alpha,
  type ServerReflectionResponse as V1AlphaResponse,
} from '../../../../gen/grpc/reflection/v1alpha/reflection_pb.js'
import { createClient } from '../../../core/create-client.ts'
import type { ClientTransport } from '../../transport.ts'
import { type TimeLimit, waitingFor } from '../connection/time-limit.ts'
import { InputError } from '../terminal/program-errors.ts'

/** A request of reflection. */
export type Question =
  | { case: 'listServices'; value: string }
  | { case: 'fileContainingSymbol'; value: string }
  | { case: 'fileByFilename'; value: string }
  | { case: 'fileContainingExtension'; value: { containingType: string; extensionNumber: number } }

/** The answer of a server. */
export type Answer = V1Response['messageResponse'] | V1AlphaResponse['messageResponse']

interface Way {
  readonly transport: ClientTransport
  readonly version: typeof V1 | typeof V1Alpha
}

const VERSIONS = [V1, V1Alpha]

/** Remembers which version worked. It takes one request at a time. */
export class ReflectionClient {
  readonly #transports: readonly ClientTransport[]
  readonly #limit: TimeLimit
  readonly #ways: Way[]
  /** The error over HTTP/1.1. */
  #refusal: ConnectError | undefined

  /** @param transports in the order in which they are tried; closed with the client */
  constructor(transports: readonly ClientTransport[], limit: TimeLimit) {
    this.#transports = transports
    this.#limit = limit
    this.#ways = transports.flatMap((transport) => VERSIONS.map((version) => ({ transport, version })))
  }

  /**
   * Sends a request.
   *
   * @throws ConnectError for a call that fails
   * @throws InputError for a server without reflection
   */
  async ask(question: Question): Promise<Answer> {
    const [way, ...others] = this.#ways
    if (way === undefined) throw new InputError(NO_REFLECTION)
    this.#limit.begin(() => waitingFor(way.transport, `the server's reflection to show ${textOf(question)}`))
    try {
      return await this.#askBy(way, question)
    } catch (error) {
      if (!this.#isNoWay(error, way)) throw this.#explained(error)
      this.#refusal ??= way.transport === this.#transports.at(-1) ? undefined : (error as ConnectError)
      this.#ways.splice(0, this.#ways.length, ...others)
      return await this.ask(question)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()))
  }

  /** Servers and proxies refuse bidirectional streams over HTTP/1.1 in many ways, so that any error there means to try HTTP/2. */
  #isNoWay(error: unknown, way: Way): boolean {
    if (!(error instanceof ConnectError) || this.#limit.signal.aborted) return false
    if (error.code === Code.Unimplemented) return true
    return way.transport !== this.#transports.at(-1) && !NOT_OF_THE_WAY.includes(error.code)
  }

  /** If HTTP/1.1 answered and HTTP/2 cannot connect, the hints about HTTP/2 would lead back to HTTP/1.1. */
  #explained(error: unknown): unknown {
    const refusal = this.#refusal
    if (refusal === undefined || !(error instanceof ConnectError)) return error
    if (error.code !== Code.Unavailable || refusal.code === Code.Unavailable) return error
    const reason = `over HTTP/1.1: ${refusal.rawMessage}; over HTTP/2: ${error.rawMessage}`
    return new InputError(`the server's reflection does not answer: give its API with --proto or --descriptors`, {
      cause: error,
      moreLines: [`  ${reason}`],
    })
  }

  /** Opens a stream per request: none stays open in between, and a proxy may route each to another server. */
  async #askBy({ transport, version }: Way, messageRequest: Question): Promise<Answer> {
    const options = this.#limit.callOptions()
    const answers =
      version === V1
        ? createClient(V1, transport).serverReflectionInfo(once({ messageRequest }), options)
        : createClient(V1Alpha, transport).serverReflectionInfo(once({ messageRequest }), options)
    for await (const { messageResponse } of answers) return messageResponse
    throw new ConnectError("the server's reflection ended without an answer", Code.Internal)
  }
}

const NO_REFLECTION = 'the server has no reflection: give its API with --proto or --descriptors'

const NOT_OF_THE_WAY = [Code.Canceled, Code.DeadlineExceeded, Code.Unauthenticated, Code.PermissionDenied]

/** Describes a request in errors. */
function textOf(question: Question): string {
  if (question.case === 'listServices') return 'its services'
  if (question.case !== 'fileContainingExtension') return question.value
  return `extension ${question.value.extensionNumber} of ${question.value.containingType}`
}

async function* once<T>(message: T): AsyncGenerator<T, void> {
  yield message
}
