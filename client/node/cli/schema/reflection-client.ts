/** Asks a server questions of gRPC server reflection, in the version and over the HTTP that it has. */
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
import type { TimeLimit } from '../connection/time-limit.ts'
import { waitingFor } from '../connection/time-limit.ts'
import { InputError } from '../terminal/program-errors.ts'

/** What reflection can be asked. */
export type Question =
  | { case: 'listServices'; value: string }
  | { case: 'fileContainingSymbol'; value: string }
  | { case: 'fileByFilename'; value: string }
  | { case: 'fileContainingExtension'; value: { containingType: string; extensionNumber: number } }

/** What a server answers. */
export type Answer = V1Response['messageResponse'] | V1AlphaResponse['messageResponse']

interface Way {
  readonly transport: ClientTransport
  readonly version: typeof V1 | typeof V1Alpha
}

const VERSIONS = [V1, V1Alpha]

/** Remembers which way worked. Asked one question at a time. */
export class ReflectionClient {
  readonly #transports: readonly ClientTransport[]
  readonly #limit: TimeLimit
  readonly #ways: Way[]
  /** How HTTP/1.1 refused. */
  #refusal: ConnectError | undefined

  /** @param transports in the order in which they are tried; closed with the client */
  constructor(transports: readonly ClientTransport[], limit: TimeLimit) {
    this.#transports = transports
    this.#limit = limit
    this.#ways = transports.flatMap((transport) => VERSIONS.map((version) => ({ transport, version })))
  }

  /**
   * Asks a question.
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

  /** Servers and proxies refuse a bidirectional stream over HTTP/1.1 in many ways, so each of them means: not this way. */
  #isNoWay(error: unknown, way: Way): boolean {
    if (!(error instanceof ConnectError) || this.#limit.signal.aborted) return false
    if (error.code === Code.Unimplemented) return true
    return way.transport !== this.#transports.at(-1) && !NOT_OF_THE_WAY.includes(error.code)
  }

  /** HTTP/1.1 was asked for and answered; that HTTP/2 cannot even connect is no news, and its hints would lead in a circle. */
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

  /** A stream per question: nothing stays open in between, and a proxy may send each to another server. */
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

/** A question as words of an error. */
function textOf(question: Question): string {
  if (question.case === 'listServices') return 'its services'
  if (question.case !== 'fileContainingExtension') return question.value
  return `extension ${question.value.extensionNumber} of ${question.value.containingType}`
}

async function* once<T>(message: T): AsyncGenerator<T, void> {
  yield message
}
