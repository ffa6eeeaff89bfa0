/** Transports over WebSockets for the servers of the test cases, which a bridge stands before. */
import { createRegistry } from '@bufbuild/protobuf'
import type { Transport } from '@connectrpc/connect'
import { createWebSocketTransport } from '../../client/web/websocket/public.ts'
import type { ClientCompatRequest } from '../gen/connectrpc/conformance/v1/client_compat_pb.js'
import { Codec, HTTPVersion } from '../gen/connectrpc/conformance/v1/config_pb.js'
import { file_connectrpc_conformance_v1_service } from '../gen/connectrpc/conformance/v1/service_pb.js'
import type { ListeningServer } from '../support/start-listening.ts'
import { startWebSocketBridge } from './websocket-bridge.ts'

/** The bridge goes on until disposal. */
export class WebSocketTransports implements AsyncDisposable {
  readonly #bridge: ListeningServer

  static async start(): Promise<WebSocketTransports> {
    return new WebSocketTransports(await startWebSocketBridge())
  }

  private constructor(bridge: ListeningServer) {
    this.#bridge = bridge
  }

  for({ host, port, codec, httpVersion, messageReceiveLimit }: ClientCompatRequest): Transport {
    const version = httpVersion === HTTPVersion.HTTP_VERSION_1 ? 1 : 2
    return createWebSocketTransport({
      baseUrl: `http://127.0.0.1:${this.#bridge.port}/${version}/${host}:${port}`,
      useBinaryFormat: codec !== Codec.JSON,
      registry: createRegistry(file_connectrpc_conformance_v1_service),
      ...(messageReceiveLimit > 0 && { readMaxBytes: messageReceiveLimit }),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bridge.close()
  }
}
