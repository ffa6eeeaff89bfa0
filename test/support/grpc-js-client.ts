/** A foreign gRPC client, grpc-js, for services that are known only by their descriptors at run time. */
import {
  type CallOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
} from '@grpc/grpc-js'
import type { MethodDefinition, PackageDefinition } from '@grpc/proto-loader'

/** Connects when it is first used. `close` lets go of the connection. */
export class GrpcJsClient {
  readonly #client: Client
  readonly #definitions: PackageDefinition

  constructor(port: number, definitions: PackageDefinition) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
    this.#definitions = definitions
  }

  /** Rejects with the ServiceError of grpc-js. */
  callUnary(service: string, method: string, request: object, options: CallOptions = {}): Promise<object> {
    const { path, requestSerialize, responseDeserialize } = this.#find(service, method)
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        options,
        (error, response) => {
          if (error !== null || response === undefined) reject(error)
          else resolve(response)
        },
      )
    })
  }

  callServerStream(service: string, method: string, request: object): ClientReadableStream<object> {
    const { path, requestSerialize, responseDeserialize } = this.#find(service, method)
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request)
  }

  callBidiStream(service: string, method: string): ClientDuplexStream<object, object> {
    const { path, requestSerialize, responseDeserialize } = this.#find(service, method)
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
  }

  close(): void {
    this.#client.close()
  }

  #find(service: string, method: string): MethodDefinition<object, object> {
    const definition = this.#definitions[service]
    const found = definition !== undefined && !('format' in definition) ? definition[method] : undefined
    if (found === undefined) throw new Error(`no method ${method} in ${service}`)
    return found as MethodDefinition<object, object>
  }
}
